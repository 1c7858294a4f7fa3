#include "config/user_path.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <vector>

#include "base/text.h"
#include "config/config_problems.h"

namespace tlaunch {
namespace {

// "" if the system has no such user. `name` "": the user of this process.
std::string home_in_passwd(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> text(1 << 14);
  const int error = name.empty() ? ::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found)
                                 : ::getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  return error == 0 && found != nullptr && found->pw_dir != nullptr ? found->pw_dir : "";
}

// The "$NAME" or "${NAME}" that begins at `at`; "" if none does.
std::string variable_at(const std::string& text, std::size_t at) {
  const auto is_letter = [&](std::size_t i) {
    return i < text.size() && (std::isalpha(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_');
  };
  if (text[at] != '$') return "";
  const bool braced = at + 1 < text.size() && text[at + 1] == '{';
  const std::size_t name = at + (braced ? 2 : 1);
  if (!is_letter(name)) return "";
  std::size_t end = name;
  while (is_letter(end) || (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0)) ++end;
  if (braced && (end = text.find('}', end)) == std::string::npos) return "";
  return text.substr(at, end + (braced ? 1 : 0) - at);
}

bool stands_for_itself(const std::string& text, std::size_t variable_end) {
  std::error_code error;
  return text.starts_with("/") && std::filesystem::exists(text.substr(0, text.find('/', variable_end)), error);
}

// The first variable that is not part of an existing folder's name; "": none.
std::string unexpanded_variable(const std::string& text) {
  for (std::size_t at = 0; at < text.size(); ++at)
    if (const std::string variable = variable_at(text, at);
        !variable.empty() && !stands_for_itself(text, at + variable.size()))
      return variable;
  return "";
}

UserPath with_home(const std::string& text, const EnvironmentLookup& getenv) {
  if (!text.starts_with("~")) return {text, ""};
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string user = text.substr(1, slash - 1);
  const auto variable = user.empty() && getenv ? getenv("HOME") : std::nullopt;
  const std::string home = variable && !variable->empty() ? *variable : home_in_passwd(user);
  if (home.empty())
    return {"", format_text("{}: {}; expected an absolute path, or ./~NAME for a name that begins with ~", quoted(text),
                            user.empty() ? "HOME is not set, and the system has no home folder for this user"
                                         : "there is no user " + quoted(user))};
  return {home + text.substr(slash), ""};
}

}  // namespace

UserPath path_on_command_line(const std::string& text, const EnvironmentLookup& getenv) {
  if (const std::string variable = unexpanded_variable(text); !variable.empty())
    return {"",
            format_text("{}: the shell did not replace {} by its value; remove single quotes around it, or give the "
                        "absolute path of a folder that has this name",
                        quoted(text), variable)};
  return with_home(text, getenv);
}

UserPath without_variables(const std::string& text, bool has_bare_variable) {
  if (const std::string variable = has_bare_variable ? unexpanded_variable(text) : ""; !variable.empty()) {
    const std::string name = variable.substr(1);
    return {"", format_text("{}: {} is not replaced by its value; write ${{{}}} for the value, or $${} for a "
                            "folder that has this name",
                            quoted(text), variable, name, name)};
  }
  return {text, ""};
}

UserPath path_in_config(const std::string& text, bool has_bare_variable, const EnvironmentLookup& getenv) {
  const UserPath path = without_variables(text, has_bare_variable);
  return path.problem.empty() ? with_home(text, getenv) : path;
}

}  // namespace tlaunch
