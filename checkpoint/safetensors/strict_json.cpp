#include "checkpoint/safetensors/strict_json.h"

#include <iterator>

namespace tlaunch {
namespace {

constexpr const char* not_json = "this is not JSON";

// An iterator that counts the bytes it passes, so that a handler knows its position.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  const char* at;
  std::uint64_t* read;
  reference operator*() const { return *at; }
  Cursor& operator++() {
    ++at;
    ++*read;
    return *this;
  }
  Cursor operator++(int) {
    const Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at == other.at; }
};

}  // namespace

bool StrictJsonHandler::read(std::string_view text) {
  const Cursor begin{text.data(), &read_}, end{text.data() + text.size(), &read_};
  if (!Json::sax_parse(begin, end, this)) return false;
  // The parser stops at a NUL as if the input ended there.
  return read_ == text.size() || fail(not_json);
}

bool StrictJsonHandler::parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
  problem = not_json;
  problem_at = position > 0 ? position - 1 : 0;
  return false;
}

bool StrictJsonHandler::fail(const std::string& what) {
  problem = what;
  problem_at = read_ > 0 ? read_ - 1 : 0;
  return false;
}

}  // namespace tlaunch
