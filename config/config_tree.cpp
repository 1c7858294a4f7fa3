#include "config/config_tree.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_extension.h"
#include "base/nearest.h"
#include "base/text.h"
#include "config/config_variables.h"
#include "config/schema.h"
#include "config/user_path.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_chain = 16;

using Layer = std::map<std::string, ConfigEntry>;

bool is_section(const std::string& key) {
  const auto& sections = schema_sections();
  return std::find(sections.begin(), sections.end(), key) != sections.end();
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// "; did you mean FILE?" for a config file that does not exist; "" if no name is similar.
std::string similar_file(const std::string& path) {
  const fs::path wanted(path);
  const fs::path folder = wanted.has_parent_path() ? wanted.parent_path() : fs::path(".");
  std::vector<std::string> names;
  std::error_code error;
  constexpr std::size_t most = 1000;
  for (fs::directory_iterator it(folder, error), end; !error && it != end && names.size() < most; it.increment(error)) {
    if (std::string name = it->path().filename().string(); is_yaml_name(name)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());  // the order of a folder is arbitrary
  const auto name = nearest(wanted.filename().string(), names);
  if (!name) return "";
  return format_text("; did you mean {}?", wanted.has_parent_path() ? (folder / *name).string() : *name);
}

// Within {...} or [...] a ${VAR} without quotes is not valid YAML. The YAML reader's own message does not say so.
std::string variable_hint(const std::string& text, int line) {
  std::istringstream lines(text);
  std::string content;
  for (int i = 0; i < line && std::getline(lines, content); ++i) {
  }
  return content.find("${") == std::string::npos ? "" : "; within { } or [ ] a variable needs quotes: \"${VAR}\"";
}

class TreeReader {
 public:
  TreeReader(const ConfigSource& source, ConfigProblems& problems) : source_(source), problems_(problems) {}

  ConfigTree read() {
    tree_.file.file = source_.path;
    if (!read_layers(source_.path)) problems_.throw_if_any();
    for (std::size_t i = 0; i < source_.overrides.size(); ++i)
      add_override(source_.overrides[i], static_cast<int>(i) + 1);
    return std::move(tree_);
  }

 private:
  // Merges the file over the one that it extends. False if the file itself cannot be read.
  bool read_layers(const std::string& path) {
    const std::optional<std::string> text = read_text(path);
    if (!text) return false;
    YamlNodePtr root;
    try {
      root = read_yaml(*text);
    } catch (const YamlProblem& problem) {
      problems_.add({path, problem.line, problem.column, ""}, "", problem.what + variable_hint(*text, problem.line));
      return false;
    }
    if (!root || root->kind != YamlNode::Kind::map) {
      problems_.add(
          {path, root ? root->line : 1, root ? root->column : 1, ""}, "",
          format_text("{}; expected keys such as model: {{name: ...}}",
                      !root || root->kind == YamlNode::Kind::null ? "the file is empty" : "not a map of keys"));
      return false;
    }
    Layer layer;
    flatten(*root, "", path, layer);
    std::error_code error;
    chain_.push_back(fs::weakly_canonical(path, error).string());
    if (const auto extends = layer.find("extends"); extends != layer.end()) {
      read_base(extends->second);
      layer.erase(extends);
    }
    chain_.pop_back();
    merge(std::move(layer));
    return true;
  }

  void read_base(const ConfigEntry& extends) {
    if (extends.shape != YamlNode::Kind::scalar || extends.text.empty()) {
      problems_.add(extends.value_place, "extends", "expected the path of one YAML file");
      return;
    }
    const UserPath written = path_in_config(extends.text, extends.has_bare_variable, source_.getenv);
    if (!written.problem.empty()) return problems_.add(extends.value_place, "extends", written.problem);
    const std::string path = (fs::path(extends.folder) / written.path).lexically_normal().string();
    std::error_code error;
    const std::string canonical = fs::weakly_canonical(path, error).string();
    if (std::find(chain_.begin(), chain_.end(), canonical) != chain_.end()) {
      problems_.add(extends.value_place, "extends",
                    format_text("{} extends this file in turn, a circle; remove one extends", quoted(extends.text)));
    } else if (chain_.size() >= longest_chain) {
      problems_.add(extends.value_place, "extends",
                    format_text("more than {} files extend one another; expected fewer", longest_chain));
    } else {
      extends_place_ = extends.value_place;
      read_layers(path);
    }
  }

  std::optional<std::string> read_text(const std::string& path) {
    std::string problem;
    try {
      if (path.find('\0') != std::string::npos) throw UsageError("the path contains a NUL byte");
      return read_file(path, small_file_bytes);
    } catch (const UsageError& error) {
      problem = error.what() + similar_file(path);
    } catch (const IoError& error) {
      problem = error.what();
    }
    if (chain_.empty()) throw UsageError(problem);
    problems_.add(extends_place_, "extends", problem);
    return std::nullopt;
  }

  void flatten(const YamlNode& map, const std::string& prefix, const std::string& path, Layer& layer) {
    std::map<std::string, int> first_lines;
    for (const auto& [key, value] : map.fields) {
      const std::string dotted = prefix + key->text;
      const Place place{path, key->line, key->column, ""};
      if (const auto [first, is_new] = first_lines.emplace(key->text, key->line); !is_new) {
        problems_.add(place, dotted, format_text("is given twice, first in line {}; remove one", first->second));
        continue;
      }
      if (key->text.empty() || key->text.find('.') != std::string::npos) {
        problems_.add(place, dotted,
                      "a key in a file must not be empty or contain a dot; write its section and key, such as train: "
                      "{epochs: 3}");
        continue;
      }
      const bool map_value = value->kind == YamlNode::Kind::map;
      const bool top = prefix.empty(), section = top && is_section(dotted);
      // Unknown maps are opened too: each key in them gets its own hint.
      const bool open =
          map_value &&
          (section || (top ? !schema_key(dotted) && dotted != "extends" : !is_section(section_of(dotted))));
      if (open) {
        if (top) tree_.sections[dotted] = place;
        flatten(*value, dotted + ".", path, layer);
        continue;
      }
      if (section) {
        if (value->kind != YamlNode::Kind::null)
          problems_.add({path, value->line, value->column, ""}, dotted, "is a section; expected a map of keys");
        continue;
      }
      ConfigEntry entry;
      entry.shape = value->kind;
      entry.key_place = place;
      // An empty value has no place of its own.
      entry.value_place = value->kind == YamlNode::Kind::null ? place : Place{path, value->line, value->column, ""};
      entry.folder = fs::path(path).parent_path().string();
      if (set_text(entry, value->text, dotted)) layer[dotted] = std::move(entry);
    }
  }

  bool set_text(ConfigEntry& entry, const std::string& text, const std::string& key) {
    ExpandedText expanded = expand_variables(text, source_.getenv);
    if (expanded.problem.empty()) {
      entry.text = std::move(expanded.text);
      entry.has_bare_variable = expanded.has_bare;
      return true;
    }
    problems_.add(entry.value_place, key, expanded.problem);
    return false;
  }

  void merge(Layer layer) {
    for (auto it = layer.begin(); it != layer.end();) {
      const SchemaKey* key = schema_key(it->first);
      const SchemaKey* other = nullptr;
      if (key)
        for (const std::string& sibling : group_siblings(*key))
          if (!other && layer.contains(sibling)) other = schema_key(sibling);
      if (other) {
        problems_.add(it->second.key_place, it->first,
                      format_text("{} in line {} excludes this key; remove one of the two", other->key,
                                  layer.at(other->key).key_place.line));
        it = layer.erase(it);
      } else {
        ++it;
      }
    }
    for (auto& [dotted, entry] : layer) put(dotted, std::move(entry));
  }

  void put(const std::string& dotted, ConfigEntry entry) {
    if (const SchemaKey* key = schema_key(dotted))
      for (const std::string& sibling : group_siblings(*key)) tree_.entries.erase(sibling);
    tree_.entries[dotted] = std::move(entry);
  }

  void add_override(const std::string& text, int position) {
    const Place place{"", 0, position, text};
    const auto equals = text.find('=');
    const std::string key = trimmed(text.substr(0, equals));
    if (equals == std::string::npos || key.empty()) {
      problems_.add(place, "", "is not key=value; write for example train.epochs=3");
      return;
    }
    if (key == "extends" || is_section(key)) {
      problems_.add(place, key,
                    key == "extends" ? "extends is allowed only in a file"
                                     : format_text("{} is a section; expected {}.KEY=VALUE", key, key));
      return;
    }
    ConfigEntry entry;
    entry.key_place = entry.value_place = place;
    entry.from_command_line = true;
    std::string value = trimmed(text.substr(equals + 1));
    const SchemaKey* known = schema_key(key);
    const bool home = value == "~" && known && known->path != PathBase::none &&
                      known->path != PathBase::command;  // which some shells leave to us
    if (value.empty() || (value == "~" && !home) || value == "null") {
      entry.shape = YamlNode::Kind::null;
    } else if (std::string("'\"[{").find(value[0]) != std::string::npos) {
      try {
        const YamlNodePtr node = read_yaml(value);
        entry.shape = node->kind;
        value = node->text;
      } catch (const YamlProblem& problem) {
        problems_.add(place, key, problem.what);
        return;
      }
    }
    // All other text is a plain scalar as written: a path may contain " #" or ": ".
    if (set_text(entry, value, key)) put(key, std::move(entry));
  }

  const ConfigSource& source_;
  ConfigProblems& problems_;
  ConfigTree tree_;
  std::vector<std::string> chain_;  // canonical paths of the files being read
  Place extends_place_;             // of the file being read
};

}  // namespace

ConfigTree read_config_tree(const ConfigSource& source, ConfigProblems& problems) {
  return TreeReader(source, problems).read();
}

}  // namespace tlaunch
