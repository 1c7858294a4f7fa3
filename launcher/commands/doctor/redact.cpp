#include "launcher/commands/doctor/redact.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <string_view>

namespace tlaunch {
namespace {

constexpr const char* hidden_word = "[hidden]";
constexpr std::size_t least_secret = 6;  // a shorter value ("1", "true") would match everywhere

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return small;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

// Leaves other folders alone whose names only begin with `folder`.
void replace_folder(std::string& text, const std::string& folder, const std::string& with) {
  for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder, at + 1)) {
    const std::size_t end = at + folder.size();
    if (end == text.size() || !is_word(text[end])) text.replace(at, folder.size(), with);
  }
}

// The end of the value that begins at `at`: the closing quote of a quoted value, else the next blank, comma or bracket.
std::size_t end_of_value(const std::string& line, std::size_t at) {
  if (at < line.size() && (line[at] == '"' || line[at] == '\'')) {
    for (std::size_t end = at + 1; end < line.size(); ++end) {
      if (line[end] == '\\')
        ++end;
      else if (line[end] == line[at])
        return end + 1;
    }
    return line.size();
  }
  return std::min(line.find_first_of(" \t,;&)}]", at), line.size());
}

// Whether the word begins as the tokens of GitHub, Hugging Face, OpenAI and Slack do. A function's name such as
// hf_hub_download does not count.
bool looks_like_token(std::string_view word) {
  constexpr std::size_t least_rest = 8;
  for (const std::string_view begin : {"ghp_", "gho_", "github_pat_", "hf_", "sk-", "xox"}) {
    if (!word.starts_with(begin)) continue;
    const std::string_view rest = word.substr(begin.size());
    return rest.size() >= least_rest && (begin != "hf_" || rest.find('_') == std::string_view::npos);
  }
  return false;
}

// Where the value begins after the scheme: at the x of "Authorization: Basic x".
std::size_t after_scheme(const std::string& line, std::size_t at) {
  std::size_t end = at;
  while (end < line.size() && is_word(line[end])) ++end;
  const std::size_t value = std::min(line.find_first_not_of(' ', end), line.size());
  return end > at && value > end && value < line.size() ? value : at;
}

// Hides VALUE in NAME: VALUE, NAME=VALUE, "NAME": "VALUE" and Bearer VALUE.
std::string without_named_values(const std::string& line) {
  std::string out;
  std::size_t at = 0;
  while (at < line.size()) {
    if (!is_word(line[at])) {
      out += line[at++];
      continue;
    }
    std::size_t end = at;
    while (end < line.size() && is_word(line[end])) ++end;
    const std::string name = in_small_letters(std::string_view(line).substr(at, end - at));
    if (looks_like_token(std::string_view(line).substr(at, end - at))) {
      out += hidden_word;
      at = end;
      continue;
    }
    const char before = at > 0 ? line[at - 1] : ' ';
    out.append(line, at, end - at);
    at = end;
    std::size_t value = at;
    if (value < line.size() && (line[value] == '"' || line[value] == '\'')) ++value;  // the quote after the name
    while (value < line.size() && line[value] == ' ') ++value;
    const bool assigned = value < line.size() && (line[value] == ':' || line[value] == '=');
    if (assigned) ++value;
    while (value < line.size() && line[value] == ' ') ++value;
    const bool command = name == "on_end";
    const bool option = value > at && name.starts_with("--");  // --password VALUE
    const bool hides = name == "bearer" ? value > at : (names_secret(name) || command) && (assigned || option);
    if (!hides || value >= line.size()) continue;
    const bool quoted = line[value] == '"' || line[value] == '\'';
    const bool header = name.ends_with("authorization") && !quoted;  // its value may hold blanks
    if (header) value = after_scheme(line, value);
    out.append(line, at, value - at);
    const bool in_quotes = before == '"' || before == '\'';
    if (header && in_quotes)
      at = std::min(line.find(before, value), line.size());
    else
      at = (command || header) && !quoted ? line.size() : end_of_value(line, value);
    out += hidden_word;
  }
  return out;
}

// Hides user:pass in scheme://user:pass@host.
std::string without_address_passwords(std::string line) {
  for (std::size_t at = line.find("://"); at != std::string::npos; at = line.find("://", at + 3)) {
    const std::size_t host_end = std::min(line.find_first_of("/ \t\"'", at + 3), line.size());
    const std::size_t sign = line.rfind('@', host_end);
    if (sign == std::string::npos || sign < at + 3) continue;
    line.replace(at + 3, sign - at - 3, hidden_word);
  }
  return line;
}

}  // namespace

bool names_secret(const std::string& name) {
  const std::string small = in_small_letters(name);
  const auto says = [&](const char* word) { return small.find(word) != std::string::npos; };
  if (says("token") && !says("tokens") && !says("tokenizer")) return true;
  // At the end of a word, as in MYPASS, DB_PASS_2 and X_AUTH; not in author or passed.
  const auto ends_word = [&](std::string_view part) {
    for (std::size_t at = small.find(part); at != std::string::npos; at = small.find(part, at + 1)) {
      const std::size_t end = at + part.size();
      if (end == small.size() || std::isalpha(static_cast<unsigned char>(small[end])) == 0) return true;
    }
    return false;
  };
  if (ends_word("pass") || ends_word("auth") || small == "pat" || small.ends_with("_pat") || small.ends_with("-pat"))
    return true;
  return says("passphrase") || says("authorization") || says("webhook") || says("secret") || says("passw") ||
         says("credential") || says("apikey") || small.ends_with("_key") || small.ends_with("-key");
}

std::string redacted(const std::string& text, const Hidden& hidden) {
  std::string out = text;
  for (const auto& [name, value] : hidden.values)
    if (value.size() >= least_secret) replace_all(out, value, "[value of " + name + "]");
  if (hidden.home.size() > 1) replace_folder(out, hidden.home, "~");
  std::string clean;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    clean += without_address_passwords(without_named_values(line));
    if (!lines.eof()) clean += '\n';
  }
  return clean;
}

}  // namespace tlaunch
