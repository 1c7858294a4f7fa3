#include "config/yaml/yaml_note.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "config/yaml/yaml_events.h"
#include "config/yaml/yaml_reader.h"

namespace tlaunch {
namespace {

using Kind = YamlEvent::Kind;
using Events = std::vector<YamlEvent>;

constexpr std::string_view date_form = "0000-00-00";

std::optional<Events> events_of(const std::string& text) {
  try {
    return read_yaml_events(text);
  } catch (const YamlProblem&) {
    return std::nullopt;
  }
}

bool means(const std::string& text, const Events& content) {
  const auto events = events_of(text);
  return events && same_content(*events, content);
}

// The offset of the line's "\n" or "\r\n".
std::size_t line_end(const std::string& text, std::size_t at) {
  const std::size_t feed = std::min(text.find('\n', at), text.size());
  return feed > at && feed < text.size() && text[feed - 1] == '\r' ? feed - 1 : feed;
}

std::size_t line_start(const std::string& text, std::size_t at) {
  const std::size_t before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  return before == std::string::npos ? 0 : before + 1;
}

bool date_follows(const std::string& text, std::size_t at) {
  for (const char form : date_form) {
    const char c = at < text.size() ? text[at++] : '\0';
    if (form == '-' ? c != '-' : std::isdigit(static_cast<unsigned char>(c)) == 0) return false;
  }
  return text.compare(at, 2, ": ") == 0;
}

// Text that looks like a note but is part of a value stays.
std::string without_notes(std::string text, const std::string& mark, const Events& content) {
  const std::string sign = "# " + mark + " ";
  for (std::size_t at = 0; (at = text.find(sign, at)) != std::string::npos;) {
    std::size_t begin = at, end = line_end(text, at);
    if (date_follows(text, at + sign.size())) {
      while (begin > 0 && text[begin - 1] == ' ') --begin;
      if (begin == line_start(text, at))
        end = std::min(text.find('\n', at), text.size() - 1) + 1;  // the note is a whole line
      const std::string less = text.substr(0, begin) + text.substr(end);
      if (means(less, content)) {
        text = less;
        at = begin;
        continue;
      }
    }
    at += sign.size();
  }
  return text;
}

// The index of the key that `path` leads to.
std::optional<std::size_t> find_key(const Events& events, const std::vector<std::string>& path) {
  std::size_t node = 0;
  for (std::size_t depth = 0;; ++depth) {
    if (events.empty() || events[node].kind != Kind::map_start) return std::nullopt;
    std::size_t key = node + 1;
    while (events[key].kind != Kind::map_end && events[key].text != path[depth]) key = past_node(events, key + 1);
    if (events[key].kind == Kind::map_end) return std::nullopt;
    if (depth + 1 == path.size()) return key;
    node = key + 1;
  }
}

}  // namespace

std::string with_note(const std::string& text, const std::vector<std::vector<std::string>>& paths,
                      const std::string& mark, const std::string& date, const std::string& note) {
  const auto content = events_of(text);
  if (!content) return text;
  const std::string clean = without_notes(text, mark, *content);
  const Events events = events_of(clean).value_or(*content);
  const std::string comment = "# " + mark + " " + date + ": " + note;
  std::optional<std::size_t> first;
  for (const auto& path : paths) {
    const auto key = find_key(events, path);
    if (!key) continue;
    const std::size_t at = events[*key].offset, end = line_end(clean, at);
    if (!first) first = line_start(clean, at);
    if (clean.substr(at, end - at).find('#') != std::string::npos) continue;
    const std::size_t used = clean.find_last_not_of(' ', end - 1) + 1;
    const std::string noted = clean.substr(0, used) + "  " + comment + clean.substr(end);
    if (means(noted, *content)) return noted;
  }
  if (!first) return clean;
  const std::size_t word = clean.find_first_not_of(' ', *first);
  const std::string line_break = clean.find("\r\n") != std::string::npos ? "\r\n" : "\n";
  const std::string noted =
      clean.substr(0, *first) + clean.substr(*first, word - *first) + comment + line_break + clean.substr(*first);
  return means(noted, *content) ? noted : clean;
}

}  // namespace tlaunch
