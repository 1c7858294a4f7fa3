#include "config/config_variables.h"

#include <algorithm>

#include "base/environment.h"
#include "base/text.h"
#include "config/config_problems.h"

namespace tlaunch {
namespace {

// A limit, so that many references to a long variable cannot fill the memory.
constexpr std::size_t longest_value = 64 * 1024;

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

bool is_name(const std::string& name) {
  return !name.empty() && is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool begins_variable(const std::string& text, std::size_t at) {  // "${" or "$V"
  return at + 1 < text.size() && text[at] == '$' && (text[at + 1] == '{' || is_letter(text[at + 1]));
}

}  // namespace

ExpandedText expand_variables(const std::string& text, const Getenv& getenv) {
  ExpandedText expanded;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '$' && begins_variable(text, at + 1)) {
      expanded.text += text.substr(at + 1, 2);
      at += 3;
      continue;
    }
    if (text.compare(at, 2, "${") != 0) {
      expanded.has_bare = expanded.has_bare || begins_variable(text, at);
      expanded.text += text[at++];
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos)
      return {"", quoted(text) + " has a ${ without a }; expected ${VAR}, or $${ for a plain ${", false};
    const std::string inner = text.substr(at + 2, end - at - 2);
    const std::size_t dash = inner.find(":-");
    const std::string name = inner.substr(0, dash);
    if (!is_name(name))
      return {"", quoted("${" + inner + "}") + " is not a variable; expected ${VAR} or ${VAR:-default}", false};
    const std::optional<std::string> value = getenv ? getenv(name) : std::nullopt;
    if (dash != std::string::npos && (!value || value->empty()))
      expanded.text += inner.substr(dash + 2);
    else if (value)
      expanded.text += *value;
    else
      return {"", format_text("environment variable {} is not set; set it or write ${{{}:-default}}", name, name),
              false};
    if (expanded.text.size() > longest_value) return {"", "is too long after its variables are replaced", false};
    at = end + 1;
  }
  return expanded;
}

std::string escape_variables(const std::string& text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (begins_variable(text, at)) escaped += '$';
    escaped += text[at];
  }
  return escaped;
}

}  // namespace tlaunch
