#include "config/options.h"

#include <stdexcept>

#include "base/text.h"

namespace tlaunch {
namespace {

const OptionValue& find(const std::map<std::string, OptionValue>& values, const std::string& key) {
  const auto it = values.find(key);
  if (it == values.end()) throw std::logic_error(format_text("no option {}", quoted(key)));
  return it->second;
}

template <class T>
const T& as(const std::map<std::string, OptionValue>& values, const std::string& key, const char* type) {
  const T* value = std::get_if<T>(&find(values, key));
  if (!value) throw std::logic_error(format_text("option {} is not of type {}", quoted(key), type));
  return *value;
}

}  // namespace

std::int64_t Options::integer(const std::string& key) const { return as<std::int64_t>(values_, key, "integer"); }

double Options::real(const std::string& key) const {
  if (const auto* integer = std::get_if<std::int64_t>(&find(values_, key))) return static_cast<double>(*integer);
  return as<double>(values_, key, "real");
}

bool Options::flag(const std::string& key) const { return as<bool>(values_, key, "flag"); }

const std::string& Options::text(const std::string& key) const { return as<std::string>(values_, key, "text"); }

}  // namespace tlaunch
