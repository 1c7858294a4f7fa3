// Changes single values in the text of a YAML file and leaves every other byte as it is: comments, order, quotes,
// indentation, line ends, block and flow style, a byte-order mark, a missing last newline. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

struct YamlEdit {
  std::vector<std::string> path;  // {"train", "batch_size"}
  std::string value;              // a scalar as text; quoted in the file where YAML needs it
};

// "train.batch_size" as a path.
std::vector<std::string> yaml_path(const std::string& dotted);

// `text` with each edit done, in their order. A value that is there already stays as it is written. A missing key is
// added at the end of its section, a missing section after the last key of the file and before the comments at its end.
// `file` is named in messages. Throws UsageError, with a line for each edit that has to be done by hand: an anchor, an
// alias, a tag, a block scalar, a merge key, a key given twice, no map where one is needed, a value that is written so that
// a new one would change other keys (the result is read again and compared); or where the text is no YAML.
std::string edit_yaml(const std::string& text, const std::vector<YamlEdit>& edits, const std::string& file);

}  // namespace tlaunch
