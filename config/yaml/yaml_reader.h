// Reads YAML text into a tree with places. Works on yaml-cpp's events, to refuse hostile text (deep nesting, exploding
// aliases, many nodes) while reading and to see duplicate keys. Throws only YamlProblem.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tlaunch {

struct YamlProblem {
  int line = 0, column = 0;  // from 1; 0: unknown
  std::string what;
};

struct YamlNode;
using YamlNodePtr = std::shared_ptr<YamlNode>;  // an alias shares its anchor's node

struct YamlNode {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;                                         // scalar
  std::vector<std::pair<YamlNodePtr, YamlNodePtr>> fields;  // map: key and value, in the order of the text
  int line = 0, column = 0;
  std::size_t nodes = 1;  // in this subtree, with aliases expanded
  bool complete = true;   // false while its children are being read
};

// The only document in `text`; nullptr if there is none (empty, or only comments). Elements of lists are dropped,
// because no config key takes a list.
YamlNodePtr read_yaml(const std::string& text);

}  // namespace tlaunch
