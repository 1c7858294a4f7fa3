#include "core/config_variables.h"

#include <algorithm>

#include "core/config_problems.h"

namespace tlaunch {
namespace {

// Many mentions of a long variable must not fill the memory.
constexpr std::size_t longest_value = 64 * 1024;

bool is_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

ExpandedText expand_variables(const std::string& text,
                              const std::function<std::optional<std::string>(const std::string&)>& getenv) {
  ExpandedText expanded;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.compare(at, 3, "$${") == 0) {
      expanded.text += "${";
      at += 3;
      continue;
    }
    if (text.compare(at, 2, "${") != 0) {
      expanded.text += text[at++];
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos)
      return {"", quoted(text) + " has a ${ without its }; expected ${VAR} or $${ for a plain ${"};
    const std::string inner = text.substr(at + 2, end - at - 2);
    const std::size_t dash = inner.find(":-");
    const std::string name = inner.substr(0, dash);
    if (!is_name(name))
      return {"", quoted("${" + inner + "}") + " names no variable; expected ${VAR} or ${VAR:-default}"};
    const std::optional<std::string> value = getenv ? getenv(name) : std::nullopt;
    if (dash != std::string::npos && (!value || value->empty()))
      expanded.text += inner.substr(dash + 2);
    else if (value)
      expanded.text += *value;
    else
      return {"", "the environment variable " + name + " is not set; expected it set, or ${" + name + ":-default}"};
    if (expanded.text.size() > longest_value) return {"", "is too long with its variables written out"};
    at = end + 1;
  }
  return expanded;
}

std::string escape_variables(const std::string& text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 2, "${") == 0) escaped += '$';
    escaped += text[at];
  }
  return escaped;
}

}  // namespace tlaunch
