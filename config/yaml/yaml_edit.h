// Changes single values in the text of a YAML file. Every other byte stays: comments, order, quotes, indentation, line
// ends, block and flow style, a byte-order mark, a missing last newline. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct YamlEdit {
  std::vector<std::string> path;  // {"train", "batch_size"}
  std::string value;              // a scalar as text; quoted in the file if YAML needs it
};

// "train.batch_size" as a path.
std::vector<std::string> yaml_path(const std::string& dotted);

// Returns `text` after all edits, in their order. If a key already has the value, its text stays. A missing key is
// added at the end of its section, a missing section after the last key of the file and before the comments at its end.
// `file` is the name in messages. Throws UsageError if the text is not YAML, or with one line for each edit that must
// be done by hand: an anchor, an alias, a tag, a block scalar, a merge key, a key given twice, a missing map, or a
// value whose change would change other keys (the result is read again and compared).
std::string edit_yaml(const std::string& text, const std::vector<YamlEdit>& edits, const std::string& file);

}  // namespace tlaunch
