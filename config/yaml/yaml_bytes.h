// Which bytes of a YAML text belong to an event, and what stands between it and the next. For yaml_edit. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/yaml/yaml_events.h"

namespace tlaunch {

// The text holds something that is not edited by rule: why, and where.
struct ByHand {
  int line = 0, column = 0;  // from 1
  std::string why;           // "is a block scalar"
};

bool is_blank(char c);  // space or tab

// The offset behind an event's own bytes; nothing where it has none (an empty value, a block map, an end). Of a map or
// list in brackets: behind the opening one. Throws ByHand for a block scalar, for what has an anchor or a tag, and for
// what it does not recognise.
std::optional<std::size_t> end_of(const std::string& text, const YamlEvent& event);

// Where the node that begins at `node` stops: behind its own bytes and those of all it holds.
struct NodeEnd {
  std::size_t content = 0;          // behind the last byte that is no blank, line end or comment
  std::size_t closing_bracket = 0;  // of a map or list in brackets
};
NodeEnd end_of_node(const std::string& text, const std::vector<YamlEvent>& events, std::size_t node);

}  // namespace tlaunch
