// YAML text as the flat list of what its reader meets, with byte offsets, for edits that leave all other bytes alone.
// Two texts with equal events mean the same, to the order of keys, tags, anchors and styles.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tlaunch {

struct YamlEvent {
  enum class Kind { null, scalar, alias, map_start, map_end, list_start, list_end };
  Kind kind = Kind::null;
  std::string tag = {}, text = {};  // text: of a scalar; tag "?": plain, "!": quoted or block scalar, else as written
  std::size_t anchor = 0;           // 0: none; of an alias: the anchor it stands for
  bool flow = false;                // map or list within { } or [ ]
  // Where its bytes begin, anchor and tag included. Of an empty value and of an end: some place after it.
  std::size_t offset = 0;
  int line = 0, column = 0;  // from 1
};

// Places and the marks of ends left aside.
bool same_content(const std::vector<YamlEvent>& a, const std::vector<YamlEvent>& b);

// The events of the one document of `text`; none where it holds nothing but comments. Refuses what read_yaml refuses;
// throws YamlProblem, never anything else.
std::vector<YamlEvent> read_yaml_events(const std::string& text);

// The index just past the node that begins at `node`.
std::size_t past_node(const std::vector<YamlEvent>& events, std::size_t node);

}  // namespace tlaunch
