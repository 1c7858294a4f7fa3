// The options of a model or data set: checked scalars under keys that the worker describes (config/description.h),
// because the launcher does not know these keys. The values were validated against an OptionSpec, so a wrong type or an
// absent key is a bug (std::logic_error) and not a mistake of the user.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace tlaunch {

using OptionValue = std::variant<bool, std::int64_t, double, std::string>;

class Options {
 public:
  void set(const std::string& key, OptionValue value) { values_[key] = std::move(value); }
  bool has(const std::string& key) const { return values_.contains(key); }
  std::int64_t integer(const std::string& key) const;
  double real(const std::string& key) const;  // an integer counts as a real
  bool flag(const std::string& key) const;
  const std::string& text(const std::string& key) const;
  const std::map<std::string, OptionValue>& values() const { return values_; }
  bool operator==(const Options&) const = default;

 private:
  std::map<std::string, OptionValue> values_;
};

}  // namespace tlaunch
