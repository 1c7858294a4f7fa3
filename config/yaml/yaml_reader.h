// YAML text to a tree with places, on yaml-cpp's events, so that hostile text (deep nesting, exploding aliases, many
// nodes) is refused while it is read and duplicate keys are seen. Throws YamlProblem; never anything else.
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
  std::size_t nodes = 1;  // of this subtree, aliases counted as if written out
  bool complete = true;   // false while its children are read
};

// The one document of `text`; nullptr where there is none (empty, or comments only). The elements of a list are not
// kept: no config key takes one.
YamlNodePtr read_yaml(const std::string& text);

}  // namespace tlaunch
