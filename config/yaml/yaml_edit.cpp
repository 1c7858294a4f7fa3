#include "config/yaml/yaml_edit.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "config/config_problems.h"
#include "config/yaml/yaml_bytes.h"
#include "config/yaml/yaml_events.h"
#include "config/yaml/yaml_reader.h"
#include "config/yaml/yaml_scalar.h"

namespace tlaunch {
namespace {

using Kind = YamlEvent::Kind;
using Events = std::vector<YamlEvent>;

std::string dotted(const std::vector<std::string>& path) { return joined(path, "."); }

std::size_t line_start(const std::string& text, std::size_t at) {
  const std::size_t before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  if (before != std::string::npos) return before + 1;
  return text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
}

// The offset of the line's "\n", or the end of the text.
std::size_t line_feed(const std::string& text, std::size_t at) { return std::min(text.find('\n', at), text.size()); }

std::string new_line_of(const std::string& text) {
  const std::size_t at = text.find('\n');
  return at != std::string::npos && at > 0 && text[at - 1] == '\r' ? "\r\n" : "\n";
}

std::size_t width(const std::string& text) {  // in characters
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// The text before `at` on its line, if it is only spaces.
std::optional<std::string> indentation(const std::string& text, std::size_t at) {
  const std::size_t start = line_start(text, at);
  const std::string before = text.substr(start, at - start);
  if (before.find_first_not_of(' ') != std::string::npos) return std::nullopt;
  return before;
}

// One edit of one text.
class Edit {
 public:
  Edit(const std::string& text, const YamlEdit& edit) : text_(text), edit_(edit), events_(read_yaml_events(text)) {}

  std::string apply() {
    check_line_ends();
    result_ = text_;
    expected_ = events_;
    if (events_.empty() || (events_.size() == 1 && events_[0].kind == Kind::null))
      start_document();
    else
      change(0, 0);
    check();
    return std::move(result_);
  }

 private:
  // Changes the node at `node`, which path[0..depth) leads to.
  void change(std::size_t node, std::size_t depth) {
    const YamlEvent& map = events_[node];
    place_ = &map;
    check_is_plain_node(map);
    if (map.kind != Kind::map_start) fail(map, "is not a map of keys");
    std::optional<std::size_t> key;
    bool merged = false;
    const YamlEvent* alias_key = nullptr;
    for (std::size_t i = node + 1; events_[i].kind != Kind::map_end; i = past_node(events_, i + 1)) {
      if (events_[i].kind == Kind::alias) alias_key = &events_[i];
      if (events_[i].kind != Kind::scalar) continue;
      merged = merged || events_[i].text == "<<";
      if (events_[i].text != edit_.path[depth]) continue;
      if (key) fail(events_[i], format_text("is given twice, first in line {}", events_[*key].line));
      key = i;
    }
    if (alias_key) fail(*alias_key, "is an alias used as a key");
    const bool last = depth + 1 == edit_.path.size();
    if (!key) {
      if (merged) fail(map, "may come through a merge key (<<)");
      add_to(node, depth);
    } else if (last) {
      set_value(node, *key);
    } else if (events_[*key + 1].kind == Kind::null) {
      fill_section(node, *key, depth + 1);
    } else {
      change(*key + 1, depth + 1);
    }
  }

  void set_value(std::size_t map, std::size_t key) {
    const YamlEvent& value = events_[key + 1];
    place_ = &events_[key];
    if (value.kind == Kind::scalar && value.text == edit_.value) return;
    check_is_plain_node(value);
    if (value.kind == Kind::map_start || value.kind == Kind::list_start)
      fail(value, "is a map or a list, not a single value");
    const std::string scalar = yaml_scalar(edit_.value);
    if (const auto end = end_of(text_, value))
      replace(value.offset, *end, scalar);
    else
      replace_nothing(map, key, scalar);
    expected_[key + 1] = scalar_event(edit_.value);
  }

  // A key without a value gets one on its own line.
  void replace_nothing(std::size_t map, std::size_t key, const std::string& value) {
    const std::optional<std::size_t> colon = colon_of(events_[key]);
    if (!colon && !events_[map].flow) fail(events_[key], "has no value");
    const std::size_t at = colon ? *colon + 1 : *end_of(text_, events_[key]);
    replace(at, at, (colon ? " " : ": ") + value);
  }

  // `section:` with nothing, or null, below it.
  void fill_section(std::size_t map, std::size_t key, std::size_t depth) {
    const YamlEvent& value = events_[key + 1];
    check_is_plain_node(value);
    const auto written = end_of(text_, value);
    bool flow = true;
    if (written) {
      replace(value.offset, *written, "{" + flow_pair(depth) + "}");
    } else if (events_[map].flow) {
      replace_nothing(map, key, "{" + flow_pair(depth) + "}");
    } else {
      flow = false;
      const std::optional<std::size_t> colon = colon_of(events_[key]);
      if (!colon) fail(events_[key], "has no value");
      const std::string outer = map_indentation(map);
      insert_lines(*colon + 1, outer.size(), block_lines(depth, outer + indentation_step()));
    }
    Events node;
    expect_map(node, depth, flow);
    const auto at = expected_.begin() + static_cast<std::ptrdiff_t>(key) + 1;
    expected_.insert(expected_.erase(at), node.begin(), node.end());
  }

  void add_to(std::size_t node, std::size_t depth) {
    const NodeEnd end = end_of_node(text_, events_, node);
    if (events_[node].flow) {
      const bool is_empty = events_[node + 1].kind == Kind::map_end;
      const bool has_comma = text_[end.content - 1] == ',';
      replace(end.content, end.content, (is_empty ? "" : has_comma ? " " : ", ") + flow_pair(depth));
    } else {
      const std::string indent = map_indentation(node);
      std::vector<std::string> lines = block_lines(depth, indent);
      if (lines.size() > 1 && sections_stand_apart(node)) lines.insert(lines.begin(), "");
      insert_lines(end.content, indent.size(), lines);
    }
    Events pair;
    expect_pair(pair, depth, events_[node].flow);
    const auto at = static_cast<std::ptrdiff_t>(past_node(events_, node)) - 1;
    expected_.insert(expected_.begin() + at, pair.begin(), pair.end());
  }

  // For a text that is empty or has only comments.
  void start_document() {
    for (std::size_t at = line_start(text_, 0); at < text_.size(); at = line_feed(text_, at) + 1) {
      if (text_.compare(at, 3, "---") == 0) at += 3;
      const std::size_t first = text_.find_first_not_of(" \t\r", at);
      if (first != std::string::npos && text_[first] != '\n' && text_[first] != '#')
        throw ByHand{1, 1, "the file holds an empty document"};
    }
    std::string added;
    for (const std::string& line : block_lines(0, "")) added += line + new_line_of(text_);
    const bool has_text = line_start(text_, text_.size()) < text_.size();
    if (has_text) {  // the last line has no line end, and the new last line gets none
      added.insert(0, new_line_of(text_));
      added.erase(added.size() - new_line_of(text_).size());
    }
    result_ += added;
    expected_.clear();
    expect_map(expected_, 0, false);
  }

  // ---- new text

  // One line per key, from path[depth] on.
  std::vector<std::string> block_lines(std::size_t depth, std::string indent) const {
    std::vector<std::string> lines;
    for (; depth < edit_.path.size(); ++depth) {
      const bool last = depth + 1 == edit_.path.size();
      lines.push_back(indent + yaml_scalar(edit_.path[depth]) + ":" + (last ? " " + yaml_scalar(edit_.value) : ""));
      indent += indentation_step();
    }
    return lines;
  }

  std::string flow_pair(std::size_t depth) const {
    const std::string key = yaml_scalar(edit_.path[depth]) + ": ";
    if (depth + 1 == edit_.path.size()) return key + yaml_scalar(edit_.value);
    return key + "{" + flow_pair(depth + 1) + "}";
  }

  static YamlEvent scalar_event(const std::string& text) {
    const bool is_plain = yaml_scalar(text) == text;
    return {.kind = Kind::scalar, .tag = is_plain ? "?" : "!", .text = text};
  }
  void expect_pair(Events& events, std::size_t depth, bool flow) const {
    events.push_back(scalar_event(edit_.path[depth]));
    if (depth + 1 == edit_.path.size())
      events.push_back(scalar_event(edit_.value));
    else
      expect_map(events, depth + 1, flow);
  }
  void expect_map(Events& events, std::size_t depth, bool flow) const {
    events.push_back({.kind = Kind::map_start, .tag = "?", .flow = flow});
    expect_pair(events, depth, flow);
    events.push_back({.kind = Kind::map_end});
  }

  // Inserts lines below the line of `at` and the comments below it that begin to the right of `column`. Lines that
  // begin with a tab are skipped too, because yaml-cpp does not accept a key above them.
  void insert_lines(std::size_t at, std::size_t column, const std::vector<std::string>& lines) {
    std::size_t end = line_feed(text_, at);
    bool belongs = true;
    for (std::size_t line = end + 1; line < text_.size();) {
      const std::size_t first = std::min(text_.find_first_not_of(" \t\r", line), text_.size());
      const bool comment = first < text_.size() && text_[first] == '#';
      if (!comment && first < text_.size() && text_[first] != '\n') break;
      belongs = belongs && comment && first - line > column;
      const std::size_t feed = line_feed(text_, first);
      if (belongs || text_.find('\t', line) < first) end = feed;
      line = feed + 1;
    }
    std::string added;
    const std::string new_line = new_line_of(text_);
    if (end < text_.size()) {
      for (const std::string& line : lines) added += line + new_line;
      result_.insert(end + 1, added);
    } else {  // the last line has no line end, and the new last line gets none
      for (const std::string& line : lines) added += new_line + line;
      result_.insert(end, added);
    }
  }

  // A comment on the same line keeps its column if there is room.
  void replace(std::size_t begin, std::size_t end, std::string with) {
    const std::size_t line = std::min(text_.find_first_of("\r\n", end), text_.size());
    const std::string rest = text_.substr(end, line - end);
    const std::size_t mark = rest.find('#');
    if (mark == 0) with += ' ';
    if (mark != std::string::npos && mark > 0 && rest.find_first_of("\"'") > mark) {
      const std::size_t content = rest.find_last_not_of(' ', mark - 1);
      const std::size_t blanks_from = content == std::string::npos ? 0 : content + 1;
      const std::size_t blanks = mark - blanks_from;
      if (blanks > 0) {
        const std::size_t room = blanks + width(text_.substr(begin, end - begin)), used = width(with);
        const std::size_t kept = room > used ? room - used : 1;
        result_.replace(end + blanks_from, blanks, std::string(kept, ' '));
      }
    }
    result_.replace(begin, end - begin, with);
  }

  // ---- existing text

  // The colon directly behind a key; nothing if it is elsewhere (`? key`) or missing.
  std::optional<std::size_t> colon_of(const YamlEvent& key) const {
    std::size_t at = end_of(text_, key).value_or(text_.size());
    while (at < text_.size() && is_blank(text_[at])) ++at;
    if (at < text_.size() && text_[at] == ':') return at;
    return std::nullopt;
  }

  std::string map_indentation(std::size_t map) const {
    for (std::size_t i = map + 1; events_[i].kind != Kind::map_end; i = past_node(events_, i + 1)) {
      const auto found = indentation(text_, events_[i].offset);
      if (found && found->size() == indentation_of(events_[map])) return *found;  // more: below a `?`
    }
    fail(events_[map], "has no key at the beginning of a line");
  }

  static std::size_t indentation_of(const YamlEvent& block_map) {
    return static_cast<std::size_t>(block_map.column) - 1;
  }

  // The indentation of the file's first section; 2 spaces if there is none.
  std::string indentation_step() const {
    for (std::size_t i = 1; i < events_.size(); ++i) {
      const bool section = events_[i].kind == Kind::map_start && !events_[i].flow && events_[0].kind == Kind::map_start;
      if (section && indentation_of(events_[i]) > indentation_of(events_[0]))
        return std::string(indentation_of(events_[i]) - indentation_of(events_[0]), ' ');
    }
    return "  ";
  }

  // Whether the last section of this map has an empty line above it.
  bool sections_stand_apart(std::size_t map) const {
    bool apart = false;
    for (std::size_t i = map + 1, first = i; events_[i].kind != Kind::map_end; i = past_node(events_, i + 1)) {
      if (events_[i + 1].kind != Kind::map_start || i == first) continue;
      const std::size_t start = line_start(text_, events_[i].offset);
      const std::size_t above = start == 0 ? 0 : line_start(text_, start - 1);
      apart = text_.find_first_not_of(" \t\r\n", above) >= start;
    }
    return apart;
  }

  // Readers disagree on whether a carriage return alone ends a line, and so would see different files.
  void check_line_ends() const {
    for (std::size_t at = 0; (at = text_.find('\r', at)) != std::string::npos; ++at) {
      if (text_.compare(at, 2, "\r\n") == 0) continue;
      const auto lines = std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      const std::size_t column = at - line_start(text_, at) + 1;
      throw ByHand{static_cast<int>(lines) + 1, static_cast<int>(column),
                   "the file has a carriage return within a line"};
    }
  }

  void check_is_plain_node(const YamlEvent& node) const {
    if (node.kind == Kind::alias) fail(node, "is an alias (*)");
    if (node.anchor != 0) fail(node, "has an anchor (&)");
    if (node.kind != Kind::null && node.tag != "?" && node.tag != "!") fail(node, "has a tag (!)");
    if (node.kind != Kind::null && node.offset < text_.size() && text_[node.offset] == '!') fail(node, "has a tag (!)");
  }

  [[noreturn]] static void fail(const YamlEvent& event, const std::string& why) {
    throw ByHand{event.line, event.column, why};
  }

  // Reads the result again, because in some YAML forms a value does not end where it seems to, and a new value would
  // run into the next key.
  void check() const {
    const char* const why = "cannot be set here without changing other keys";
    try {
      if (same_content(read_yaml_events(result_), expected_)) return;
    } catch (const YamlProblem&) {
    }
    throw ByHand{place_ ? place_->line : 1, place_ ? place_->column : 1, why};
  }

  const std::string& text_;
  const YamlEdit& edit_;
  const Events events_;
  const YamlEvent* place_ = nullptr;  // the innermost key or map that the edit reached
  Events expected_;                   // of the result
  std::string result_;
};

}  // namespace

std::vector<std::string> yaml_path(const std::string& dotted) {
  std::vector<std::string> path;
  std::size_t from = 0;
  for (std::size_t dot; (dot = dotted.find('.', from)) != std::string::npos; from = dot + 1)
    path.push_back(dotted.substr(from, dot - from));
  path.push_back(dotted.substr(from));
  return path;
}

std::string edit_yaml(const std::string& text, const std::vector<YamlEdit>& edits, const std::string& file) {
  ConfigProblems problems;
  std::string result = text;
  const auto add_problem = [&](const YamlEdit& edit, const ByHand& found) {
    problems.add({file, found.line, found.column, ""}, dotted(edit.path),
                 format_text("{}; set it to {} by hand", found.why, quoted(edit.value)));
  };
  for (const YamlEdit& edit : edits) {
    try {
      result = Edit(result, edit).apply();
    } catch (const ByHand& found) {
      try {  // in the original text: earlier edits may have moved the line
        Edit(text, edit).apply();
        add_problem(edit, found);
      } catch (const ByHand& unmoved) {
        add_problem(edit, unmoved);
      }
    } catch (const YamlProblem& problem) {
      problems.add({file, problem.line, problem.column, ""}, "", problem.what);
      break;
    }
  }
  problems.throw_if_any();
  return result;
}

}  // namespace tlaunch
