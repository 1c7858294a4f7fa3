// YAML text as a flat list of parser events with byte offsets, for edits that leave all other bytes alone. Two texts
// with equal events have the same content, including the order of keys, tags, anchors and styles.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tlaunch {

struct YamlEvent {
  enum class Kind { null, scalar, alias, map_start, map_end, list_start, list_end };
  Kind kind = Kind::null;
  std::string tag = {}, text = {};  // text: of a scalar; tag "?": plain, "!": quoted or block scalar, else as written
  std::size_t anchor = 0;           // 0: none; for an alias: its anchor
  bool flow = false;                // a map or list in { } or [ ]
  // The first byte, including anchor and tag. For an empty value and an end: some place after it.
  std::size_t offset = 0;
  int line = 0, column = 0;  // from 1
};

// Compares all but places and the marks of ends.
bool same_content(const std::vector<YamlEvent>& a, const std::vector<YamlEvent>& b);

// The events of the only document in `text`; none if it has only comments. Refuses the texts that read_yaml refuses.
// Throws only YamlProblem.
std::vector<YamlEvent> read_yaml_events(const std::string& text);

// The index just past the node that begins at `node`.
std::size_t past_node(const std::vector<YamlEvent>& events, std::size_t node);

}  // namespace tlaunch
