// JSON from an untrusted file, read as a stream by a handler that refuses all it does not expect. No tree is built, so
// neither depth nor size of a hostile text costs anything before it is refused. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tlaunch {

// Takes nothing by itself: what a format allows is overridden.
class StrictJsonHandler : public nlohmann::json_sax<Json> {
 public:
  // False where the text is not what the handler allows; `problem` and `problem_at` then say why and where.
  bool read(std::string_view text);
  std::string problem;
  std::uint64_t problem_at = 0;  // byte of the text

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a boolean"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_unsigned(number_unsigned_t) override { return refuse("a number"); }
  bool number_float(number_float_t, const string_t& text) override {
    return refuse("the number " + text.substr(0, 40));
  }
  bool string(string_t&) override { return refuse("a text"); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override { return refuse("an object"); }
  bool key(string_t&) override { return refuse("a key"); }
  bool end_object() override { return refuse("the end of an object"); }
  bool start_array(std::size_t) override { return refuse("a list"); }
  bool end_array() override { return refuse("the end of a list"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override;

 protected:
  virtual std::string where() const = 0;  // "in the metadata", for messages
  bool fail(const std::string& what);     // false, for a handler to return

 private:
  bool refuse(const std::string& what) { return fail(what + " is out of place " + where()); }
  std::uint64_t read_ = 0;  // bytes
};

}  // namespace tlaunch
