// Reads JSON from an untrusted file as a stream; the handler refuses everything that it does not expect. It builds no
// tree, so neither the depth nor the size of a hostile text costs memory before the text is refused. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"

namespace tlaunch {

// Refuses everything by itself. A format's handler overrides the functions for what the format allows.
class StrictJsonHandler : public nlohmann::json_sax<Json> {
 public:
  // False if the text is not what the handler allows; `problem` and `problem_at` then say why and where.
  bool read(std::string_view text);
  std::string problem;
  std::uint64_t problem_at = 0;  // byte of the text

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("boolean"); }
  bool number_integer(number_integer_t) override { return refuse("negative number"); }
  bool number_unsigned(number_unsigned_t) override { return refuse("number"); }
  bool number_float(number_float_t, const string_t& text) override { return refuse("number " + text.substr(0, 40)); }
  bool string(string_t&) override { return refuse("string"); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override { return refuse("object"); }
  bool key(string_t&) override { return refuse("key"); }
  bool end_object() override { return refuse("end of an object"); }
  bool start_array(std::size_t) override { return refuse("list"); }
  bool end_array() override { return refuse("end of a list"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override;

 protected:
  virtual std::string where() const = 0;  // "in the metadata", for messages
  bool fail(const std::string& what);     // returns false, so that a handler can return it

 private:
  bool refuse(const std::string& what) { return fail(format_text("unexpected {} {}", what, where())); }
  std::uint64_t read_ = 0;  // bytes
};

}  // namespace tlaunch
