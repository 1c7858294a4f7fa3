// Builds text for people: values in a sentence, lists, quotes. Pure. libfmt formats the values, but no header includes
// it, because LibTorch brings another version of it.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace tlaunch {

// One value of a sentence. Not for bools, enums and paths: the caller chooses words for them.
class TextValue {
 public:
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) TextValue(T number)
      : value_(static_cast<std::conditional_t<std::is_signed_v<T>, long long, unsigned long long>>(number)) {}
  TextValue(double number) : value_(number) {}
  TextValue(char character) : value_(character) {}
  TextValue(const char* text) : value_(std::string_view(text)) {}
  TextValue(const std::string& text) : value_(std::string_view(text)) {}
  TextValue(std::string_view text) : value_(text) {}

  using Value = std::variant<long long, unsigned long long, double, char, std::string_view>;
  const Value& value() const { return value_; }

 private:
  Value value_;  // a view of the caller's text
};

// A text with a place {} for each value. The compiler checks that there are as many places as values, and that a place
// with a precision ({:.1f}) or a base ({:x}) gets a number. {{ is a brace.
template <typename... Values>
class TextPattern {
 public:
  consteval TextPattern(const char* pattern) : pattern_(pattern) {
    constexpr bool is_real[] = {std::is_floating_point_v<Values>..., false};
    constexpr bool is_whole[] = {std::is_integral_v<Values>..., false};
    std::size_t places = 0;
    for (const char* at = pattern; *at != '\0'; ++at) {
      if ((*at == '{' && at[1] == '{') || (*at == '}' && at[1] == '}')) {
        ++at;
      } else if (*at == '}') {
        throw "a } without its {";
      } else if (*at == '{') {
        const char* end = at + 1;
        while (*end != '}') {
          if (*end == '\0' || *end == '{') throw "a { without its }";
          ++end;
        }
        if (places == sizeof...(Values)) throw "more places than values";
        if (end != at + 1 && at[1] != ':') throw "a place is {} or {:...}";
        const char kind = end == at + 1 ? '}' : end[-1];
        if ((kind == 'f' || kind == 'g' || kind == 'e') && !is_real[places]) throw "a precision needs a real number";
        if ((kind == 'x' || kind == 'o' || kind == 'd') && !is_whole[places]) throw "a base needs a whole number";
        ++places;
        at = end;
      }
    }
    if (places != sizeof...(Values)) throw "fewer places than values";
  }
  const char* text() const { return pattern_; }

 private:
  const char* pattern_;
};

std::string format_values(const char* pattern, std::initializer_list<TextValue> values);

// Fills the pattern: format_text("step {} took {:.1f} s", step, seconds). Places are written as in std::format. A real
// number without a precision gets as many digits as it needs to be read back equal.
template <typename... Values>
std::string format_text(TextPattern<std::type_identity_t<std::remove_cvref_t<Values>>...> pattern,
                        const Values&... values) {
  return format_values(pattern.text(), {TextValue(values)...});
}

// Joins the parts that are not empty: "a, b".
std::string joined(const std::vector<std::string>& parts, std::string_view separator);

// "a", "a or b", "a, b or c".
std::string either(const std::vector<std::string>& parts);

// A user's text for a message: control characters escaped, at most `most` bytes and then "...".
std::string printable(const std::string& text, std::size_t most);

// The same in quotes, cut to a readable length.
std::string quoted(const std::string& text);
// std::quoted of <iomanip> would be the better match for a text that may change.
inline std::string quoted(std::string& text) { return quoted(static_cast<const std::string&>(text)); }

}  // namespace tlaunch
