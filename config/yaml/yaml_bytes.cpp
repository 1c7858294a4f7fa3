#include "config/yaml/yaml_bytes.h"

#include <algorithm>
#include <cstring>

namespace tlaunch {
namespace {

using Kind = YamlEvent::Kind;

const char* const unknown_form = "is written in a form that this program cannot edit";

bool is_space(char c) { return is_blank(c) || c == '\n' || c == '\r'; }
bool is_flow_mark(char c) { return c != '\0' && std::strchr(",[]{}", c); }

[[noreturn]] void by_hand(const YamlEvent& event, const std::string& why) {
  throw ByHand{event.line, event.column, why};
}

std::size_t line_end(const std::string& text, std::size_t at) { return std::min(text.find('\n', at), text.size()); }

std::size_t quoted_end(const std::string& text, std::size_t at, const YamlEvent& event) {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != '\'') return i + 1;
      ++i;
    }
  }
  by_hand(event, "has quotes that are not closed");
}

// A plain scalar may span several lines. In its text each line end with its indentation is one space.
std::size_t plain_end(const std::string& text, std::size_t at, const YamlEvent& event) {
  for (const char c : event.text) {
    if (is_space(c)) continue;
    while (at < text.size() && is_space(text[at])) ++at;
    if (at >= text.size() || text[at] != c) by_hand(event, unknown_form);
    ++at;
  }
  return at;
}

// The end of a written `~` or null. Nothing if the text at the offset is longer or something else: an empty value has
// the offset of what follows it.
std::optional<std::size_t> null_word_end(const std::string& text, std::size_t at) {
  for (const char* word : {"~", "null", "Null", "NULL"}) {
    const std::size_t end = at + std::strlen(word);
    if (text.compare(at, end - at, word) != 0) continue;
    std::size_t next = end;
    while (next < text.size() && is_space(text[next]) && text[next] != '\n') ++next;
    const char c = next < text.size() ? text[next] : '\n';
    if (c == '\n' || is_flow_mark(c) || (c == '#' && next > end)) return end;
  }
  return std::nullopt;
}

bool has_properties(const std::string& text, const YamlEvent& event) {  // &anchor, !tag
  return event.offset < text.size() && (text[event.offset] == '&' || text[event.offset] == '!');
}

// False for the single pair in [key: value], which begins at its key and has no brackets of its own.
bool is_bracketed(const std::string& text, const std::vector<YamlEvent>& events, std::size_t node) {
  const YamlEvent& event = events[node];
  if (!event.flow || event.offset >= text.size()) return false;
  if (has_properties(text, event)) return events[node + 1].offset != event.offset;
  return text[event.offset] == '{' || text[event.offset] == '[';
}

// Number of brackets that close between `events[first]`, the last event with bytes of its own, and `events[last]`, an
// end.
std::size_t closed_between(const std::string& text, const std::vector<YamlEvent>& events, std::size_t first,
                           std::size_t last) {
  std::size_t closed = 0;
  for (std::size_t end = first + 1; end < last; ++end) {
    if (events[end].kind != Kind::map_end && events[end].kind != Kind::list_end) continue;
    std::size_t start = end, depth = 0;
    do {
      const Kind kind = events[start].kind;
      if (kind == Kind::map_end || kind == Kind::list_end) ++depth;
      if (kind == Kind::map_start || kind == Kind::list_start) --depth;
      --start;
    } while (depth > 0);
    if (is_bracketed(text, events, start + 1)) ++closed;
  }
  return closed;
}

// The column of the innermost map at or below `node` that holds `events[leaf]`.
int innermost_map_column(const std::vector<YamlEvent>& events, std::size_t node, std::size_t leaf) {
  std::vector<int> columns;  // of the open maps and lists
  for (std::size_t i = node; i < leaf; ++i) {
    const Kind kind = events[i].kind;
    if (kind == Kind::map_start || kind == Kind::list_start)
      columns.push_back(kind == Kind::map_start || columns.empty() ? events[i].column : columns.back());
    if (kind == Kind::map_end || kind == Kind::list_end) columns.pop_back();
  }
  return columns.empty() ? 0 : columns.back();
}

}  // namespace

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::optional<std::size_t> end_of(const std::string& text, const YamlEvent& event) {
  switch (event.kind) {
    case Kind::map_end:
    case Kind::list_end: return std::nullopt;
    case Kind::alias: {
      std::size_t at = event.offset;
      while (at < text.size() && !is_space(text[at]) && !is_flow_mark(text[at])) ++at;
      return at;
    }
    case Kind::null:
      if (event.anchor == 0) return null_word_end(text, event.offset);
      by_hand(event, "has an anchor (&)");
    case Kind::map_start:
    case Kind::list_start:
      if (!event.flow) return std::nullopt;
      if (has_properties(text, event)) by_hand(event, "has an anchor (&) or a tag (!)");
      if (text[event.offset] == '{' || text[event.offset] == '[') return event.offset + 1;
      return std::nullopt;
    case Kind::scalar: {
      if (has_properties(text, event)) by_hand(event, "has an anchor (&) or a tag (!)");
      const char first = event.offset < text.size() ? text[event.offset] : '\0';
      if (event.tag == "?") return plain_end(text, event.offset, event);
      if (first == '"' || first == '\'') return quoted_end(text, event.offset, event);
      by_hand(event, first == '|' || first == '>' ? "is a block scalar" : unknown_form);
    }
  }
  return std::nullopt;
}

NodeEnd end_of_node(const std::string& text, const std::vector<YamlEvent>& events, std::size_t node) {
  const std::size_t end = past_node(events, node);
  std::size_t last = end;
  std::optional<std::size_t> at;
  while (!at && last > 0) at = end_of(text, events[--last]);
  if (!at) by_hand(events[node], "has no text of its own");
  std::size_t limit = text.size();
  for (std::size_t next = end; next < events.size() && limit == text.size(); ++next)
    if (end_of(text, events[next])) limit = events[next].offset;

  // Between two events there are only blanks, comments and these marks.
  NodeEnd found{*at, text.size()};
  const bool bracketed = is_bracketed(text, events, node);
  std::size_t to_close = bracketed ? closed_between(text, events, last, end - 1) + 1 : 0;
  for (std::size_t i = *at; i < limit; ++i) {
    const char c = text[i];
    if (is_space(c)) continue;
    if (c == '#') {
      i = line_end(text, i);
      continue;
    }
    const bool line_start = i == 0 || text[i - 1] == '\n';
    if (line_start && (text.compare(i, 3, "...") == 0 || text.compare(i, 3, "---") == 0)) break;
    if (!std::strchr("]},:-", c)) by_hand(events[last], "is followed by text that this program cannot edit");
    if (bracketed && (c == ']' || c == '}') && --to_close == 0) {
      found.closing_bracket = i;
      return found;
    }
    found.content = i + 1;
  }
  if (bracketed) by_hand(events[node], "has a bracket that is not closed");
  // yaml-cpp reads the next two as a value and as a key, but only if no line follows below them.
  const YamlEvent& leaf = events[last];
  if (!bracketed && leaf.kind == Kind::scalar && leaf.tag == "?" && found.content == *at &&
      leaf.column <= innermost_map_column(events, node, last) &&
      (events[last + 1].kind == Kind::map_end || events[last + 1].kind == Kind::list_end))
    by_hand(leaf, "is not indented further than its key");
  if (found.content == *at && events[last + 1].kind == Kind::null) by_hand(leaf, "has no value");
  return found;
}

}  // namespace tlaunch
