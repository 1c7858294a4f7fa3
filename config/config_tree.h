// A config file, the files it extends and the overrides of the command line, merged into one flat table of entries that
// know where they come from. config_loader interprets the keys; only the groups of keys that exclude each other are
// known here, from the schema.
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
  bool has_bare_variable = false;  // a $VAR without braces is in it, not replaced
  Place key_place, value_place;
  bool from_command_line = false;
  std::string folder;  // of the file that gives it; "" on the command line
};

struct ConfigTree {
  std::map<std::string, ConfigEntry> entries;  // by dotted key, unknown ones too
  std::map<std::string, Place> sections;       // of each section, to report a missing key at
  Place file;
};

// Adds every problem to `problems` and returns the rest. Throws UsageError at once if the top file cannot be read as
// YAML.
ConfigTree read_config_tree(const ConfigSource& source, ConfigProblems& problems);

}  // namespace tlaunch
