// A config file, the files it extends and the overrides of the command line, merged into one flat table of entries
// that know where they come from. What the keys mean is config_loader's affair; only the groups of keys that exclude
// each other are taken from the schema.
#pragma once

#include <map>
#include <string>

#include "config/config_loader.h"
#include "config/config_problems.h"
#include "config/yaml/yaml_reader.h"

namespace tlaunch {

struct ConfigEntry {
  YamlNode::Kind shape = YamlNode::Kind::scalar;
  std::string text;                // scalar: with its variables expanded
  bool has_bare_variable = false;  // $VAR, which is left as it is
  Place key_place, value_place;
  bool from_command_line = false;
  std::string folder;  // of the file it stands in; "" on the command line
};

struct ConfigTree {
  std::map<std::string, ConfigEntry> entries;  // by dotted key, unknown ones too
  std::map<std::string, Place> sections;       // where a section stands, for what is missing in it
  Place file;
};

// Problems that leave a tree to go on with are added to `problems`; a top file that cannot be read as YAML throws
// UsageError at once.
ConfigTree read_config_tree(const ConfigSource& source, ConfigProblems& problems);

}  // namespace tlaunch
