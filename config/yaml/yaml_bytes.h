// Finds the bytes of a YAML text that belong to an event, and those between it and the next. For yaml_edit. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/yaml/yaml_events.h"

namespace tlaunch {

// Thrown for text that this program does not edit, with the place and the reason. A person must do it by hand.
struct ByHand {
  int line = 0, column = 0;  // from 1
  std::string why;           // "is a block scalar"
};

bool is_blank(char c);  // space or tab

// The offset behind an event's own bytes; nothing if it has none (an empty value, a block map, an end). For a map or
// list in brackets: behind the opening bracket. Throws ByHand for a block scalar, an anchor, a tag, and forms that it
// does not recognise.
std::optional<std::size_t> end_of(const std::string& text, const YamlEvent& event);

// The end of a node: behind its own bytes and those of all nodes in it.
struct NodeEnd {
  std::size_t content = 0;          // behind the last byte that is not a blank, line end or comment
  std::size_t closing_bracket = 0;  // of a map or list in brackets
};
NodeEnd end_of_node(const std::string& text, const std::vector<YamlEvent>& events, std::size_t node);

}  // namespace tlaunch
