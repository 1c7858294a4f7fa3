#include "data/logs/dpkg_log.h"

#include <algorithm>
#include <array>
#include <optional>

namespace tlaunch {
namespace {

// Words of a line, at most six: no line has more.
struct Words {
  std::array<std::string_view, 6> word;
  std::size_t count = 0;
};

Words split(std::string_view line) {
  Words words;
  while (words.count < words.word.size()) {
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    const auto end = std::min(line.find(' ', begin), line.size());
    words.word[words.count++] = line.substr(begin, end - begin);
    line.remove_prefix(end);
  }
  return words;
}

// "2025-06-24" against "dddd-dd-dd": d stands for a digit.
bool has_form(std::string_view text, std::string_view form) {
  return std::equal(text.begin(), text.end(), form.begin(), form.end(),
                    [](char c, char f) { return f == 'd' ? c >= '0' && c <= '9' : c == f; });
}

std::optional<std::int32_t> key_number(std::string_view key) {
  const auto& keys = dpkg_keys();
  const auto at = std::find(keys.begin(), keys.end(), key);
  if (at == keys.end()) return std::nullopt;
  return static_cast<std::int32_t>(at - keys.begin());
}

}  // namespace

const std::vector<std::string>& dpkg_keys() {
  static const std::vector<std::string> keys{"install",
                                             "upgrade",
                                             "configure",
                                             "trigproc",
                                             "disappear",
                                             "remove",
                                             "purge",
                                             "status not-installed",
                                             "status config-files",
                                             "status half-installed",
                                             "status unpacked",
                                             "status half-configured",
                                             "status triggers-awaited",
                                             "status triggers-pending",
                                             "status installed"};
  return keys;
}

// DATE TIME startup TYPE COMMAND | DATE TIME status STATE PACKAGE VERSION
// | DATE TIME ACTION PACKAGE INSTALLED AVAILABLE | DATE TIME conffile FILE DECISION
bool DpkgLog::add_line(std::string_view line) {
  const Words words = split(line);
  const auto& word = words.word;
  if (words.count < 4 || !has_form(word[0], "dddd-dd-dd") || !has_form(word[1], "dd:dd:dd")) return false;
  if (word[2] == "startup" || word[2] == "conffile") return true;  // belongs to no package
  const bool is_status = word[2] == "status";
  if (words.count < (is_status ? 5 : 4)) return false;
  const auto key = is_status ? key_number("status " + std::string(word[3])) : key_number(word[2]);
  if (!key) return false;
  const auto [package, is_new] = package_numbers_.try_emplace(std::string(word[is_status ? 4 : 3]), packages_.size());
  if (is_new) packages_.emplace_back();
  packages_[package->second].push_back(*key);
  return true;
}

void DpkgLog::add(std::string_view text) {
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!line.empty() && !add_line(line)) ++malformed_lines_;
  }
}

SessionSet DpkgLog::sessions() const {
  SessionSet sessions;
  sessions.offsets.push_back(0);
  for (const auto& keys : packages_) {
    sessions.keys.insert(sessions.keys.end(), keys.begin(), keys.end());
    sessions.offsets.push_back(static_cast<std::int64_t>(sessions.keys.size()));
  }
  return sessions;
}

}  // namespace tlaunch
