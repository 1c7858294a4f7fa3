#include "config/config_loader.h"

#include <filesystem>
#include <set>

#include "base/absolute_path.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "config/config_problems.h"
#include "config/config_rules.h"
#include "config/config_tree.h"
#include "config/config_value.h"
#include "config/schema.h"
#include "config/synonyms.h"
#include "config/user_path.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

template <class Description>
std::string names_of(const std::vector<Description>& all, std::vector<std::string>* names = nullptr) {
  std::vector<std::string> texts;
  for (const Description& each : all) texts.push_back(each.name);
  if (names) *names = texts;
  return (texts.size() > 1 ? "one of " : "") + joined(texts, ", ");
}

// The command, with its first word made absolute if that is a relative path or begins with ~.
UserPath resolved_command(const ConfigEntry& entry, const ConfigSource& source) {
  const std::string word = shell_words(entry.text).front();
  if (word.starts_with("/") || word.find('/') == std::string::npos) return {entry.text, ""};
  UserPath path = path_in_config(word, entry.has_bare_variable, source.getenv);
  if (path.problem.empty())
    path.path =
        with_first_word(entry.text, absolute_path(fs::path(entry.from_command_line ? "" : entry.folder) / path.path));
  return path;
}

// The path of a key, absolute unless the schema keeps it as written.
UserPath resolved_path(const SchemaKey& key, const ConfigEntry& entry, const ConfigSource& source) {
  if (key.path == PathBase::command) return resolved_command(entry, source);
  if (key.path == PathBase::name) return without_variables(entry.text, entry.has_bare_variable);
  UserPath written = path_in_config(entry.text, entry.has_bare_variable, source.getenv);
  const bool name_alone = key.path == PathBase::program && written.path.find('/') == std::string::npos;
  if (!written.problem.empty() || name_alone || key.path == PathBase::as_written) return written;
  const bool beside_file = key.path != PathBase::working_directory && !entry.from_command_line;
  return {absolute_path(fs::path(beside_file ? entry.folder : "") / written.path), ""};
}

class Loader {
 public:
  Loader(const ConfigSource& source, const WorkerDescription& worker)
      : worker_(worker), source_(source), tree_(read_config_tree(source, problems_)) {}

  LoadedConfig load() {
    RunConfig& config = loaded_.config;
    for (const SchemaKey& key : schema()) load_key(key);
    fill_group_defaults();
    if (!given("name")) config.name = fs::path(source_.path).stem().string();

    const ModelDescription* model = described("model.name", config.model.name, worker_.models, "model");
    const DatasetDescription* dataset = described("data.name", config.data.name, worker_.datasets, "data set");
    if (model) load_options("model.", model->options, config.model.options);
    if (dataset) load_options("data.", dataset->options, config.data.options);
    if (dataset && !given("data.root")) load_default_root(*dataset);
    report_unknown_keys(model, dataset);

    for (const BrokenRule& rule : broken_rules(config, worker_)) report(rule);
    problems_.throw_if_any();
    return std::move(loaded_);
  }

 private:
  const ConfigEntry* entry(const std::string& key) const {
    const auto it = tree_.entries.find(key);
    return it == tree_.entries.end() ? nullptr : &it->second;
  }
  bool given(const std::string& key) const { return entry(key) != nullptr; }

  void add_problem(const Place& place, const std::string& key, const std::string& what) {
    bad_.insert(key);
    problems_.add(place, key, what);
  }

  // The value given for `key`; nothing if it is missing, or if it is wrong and was reported.
  std::optional<ParsedValue> given_value(const std::string& key, const ValueRule& rule) {
    const ConfigEntry* found = entry(key);
    loaded_.sources[key] = !found                     ? ValueSource::default_value
                           : found->from_command_line ? ValueSource::command_line
                                                      : ValueSource::file;
    if (!found) return std::nullopt;
    if (found->shape != YamlNode::Kind::scalar) {
      const char* what = found->shape == YamlNode::Kind::null   ? "has no value"
                         : found->shape == YamlNode::Kind::list ? "is a list"
                                                                : "is a map";
      add_problem(found->value_place, key, format_text("{}; expected {}", what, expectation(rule)));
      return std::nullopt;
    }
    ParsedValue parsed = parse_value(found->text, rule);
    if (parsed.problem.empty()) return parsed;
    add_problem(found->value_place, key, parsed.problem);
    return std::nullopt;
  }

  void load_key(const SchemaKey& key) {
    std::optional<ParsedValue> parsed = given_value(key.key, key.rule);
    if (!parsed) return;
    const ConfigEntry& found = *entry(key.key);
    if (parsed->value && key.check && !key.check(found.text)) {
      add_problem(found.value_place, key.key,
                  format_text("{} is not allowed; expected {}", quoted(found.text), key.expected));
      return;
    }
    if (parsed->value && key.path != PathBase::none) {
      UserPath path = resolved_path(key, found, source_);
      if (!path.problem.empty()) return add_problem(found.value_place, key.key, path.problem);
      parsed->value = std::move(path.path);
    }
    set(key, loaded_.config, parsed->value);
  }

  void fill_group_defaults() {
    for (const SchemaKey& key : schema()) {
      if (key.group_default.empty() || given(key.key)) continue;
      bool any = false;
      for (const std::string& sibling : group_siblings(key)) any = any || given(sibling);
      if (!any) set(key, loaded_.config, parse_value(key.group_default, key.rule).value);
    }
  }

  template <class Description>
  const Description* described(const std::string& key, const std::string& name, const std::vector<Description>& all,
                               const std::string& noun) {
    if (bad_.contains(key)) return nullptr;
    const ConfigEntry* found = entry(key);
    std::vector<std::string> names;
    const std::string expected = "expected " + names_of(all, &names);
    if (!found) {
      add_problem(section_place(section_of(key)), key, "is required; " + expected);
      return nullptr;
    }
    for (const Description& each : all)
      if (each.name == name) return &each;
    const auto meant = nearest(name, names);
    const std::string unknown = format_text("unknown {} {}", noun, quoted(name));
    const std::string hint = meant ? format_text("did you mean {}?", *meant) : "";
    add_problem(found->value_place, key, joined({unknown, expected, hint}, "; "));
    return nullptr;
  }

  // The place to report a missing key at: its section, or else the first line of the file.
  Place section_place(const std::string& section) const {
    const auto it = tree_.sections.find(section);
    if (it != tree_.sections.end()) return it->second;
    Place place = tree_.file;
    place.line = place.column = 1;
    return place;
  }

  void load_options(const std::string& prefix, const std::vector<OptionSpec>& specs, Options& options) {
    for (const OptionSpec& spec : specs) {
      const std::string key = prefix + spec.key;
      const auto parsed = given_value(key, rule_of(spec));
      options.set(spec.key, parsed ? *parsed->value : spec.default_value);
    }
  }

  void load_default_root(const DatasetDescription& dataset) {
    if (dataset.default_root.empty())
      add_problem(section_place("data"), "data.root",
                  format_text("is required: data set {} has no default folder; expected the folder with its files",
                              dataset.name));
    else
      loaded_.config.data.root = absolute_path(dataset.default_root);
  }

  void report_unknown_keys(const ModelDescription* model, const DatasetDescription* dataset) {
    std::vector<std::string> known{"extends"};
    for (const SchemaKey& key : schema()) known.push_back(key.key);
    if (model)
      for (const OptionSpec& option : model->options) known.push_back("model." + option.key);
    if (dataset)
      for (const OptionSpec& option : dataset->options) known.push_back("data." + option.key);
    const std::set<std::string> index(known.begin(), known.end());

    for (const auto& [key, found] : tree_.entries) {
      if (index.contains(key)) continue;
      const std::string section = section_of(key);
      // Without a known model its own keys cannot be distinguished from mistakes.
      if ((section == "model" && !model) || (section == "data" && !dataset)) continue;
      if (problems_.full()) {
        problems_.add(found.key_place, key, "");
        continue;
      }
      std::string owners;
      if (section == "model") owners = other_owners(key, worker_.models, model->name, "model");
      if (section == "data") owners = other_owners(key, worker_.datasets, dataset->name, "data set");
      problems_.add(found.key_place, key,
                    owners.empty() ? joined({"unknown key", hint_for_unknown_key(key, known)}, "; ") : owners);
    }
  }

  // "is not a key of model lstm, only of resnet" for a key that only other models define; "" if none does.
  template <class Description>
  static std::string other_owners(const std::string& key, const std::vector<Description>& all,
                                  const std::string& chosen, const std::string& noun) {
    std::vector<std::string> owners;
    for (const Description& each : all)
      for (const OptionSpec& option : each.options)
        if (option.key == last_part(key)) owners.push_back(each.name);
    if (owners.empty()) return "";
    return format_text("is not a key of {} {}, only of {}", noun, chosen, joined(owners, ", "));
  }

  void report(const BrokenRule& rule) {
    for (const std::string& key : rule.keys)
      if (bad_.contains(key)) return;
    for (const std::string& key : rule.keys) {  // at least one is given: the defaults are valid together
      if (const ConfigEntry* found = entry(key)) {
        problems_.add(found->value_place, key, rule.what);
        return;
      }
    }
  }

  const WorkerDescription& worker_;
  const ConfigSource& source_;
  ConfigProblems problems_;
  ConfigTree tree_;
  LoadedConfig loaded_;
  std::set<std::string> bad_;  // keys already reported
};

}  // namespace

std::string worker_of(const ConfigSource& source) {
  ConfigProblems problems;
  const ConfigTree tree = read_config_tree(source, problems);
  const auto it = tree.entries.find("launch.worker");
  // load_config reports all other problems, with the description of the worker found here.
  if (it == tree.entries.end() || it->second.shape != YamlNode::Kind::scalar || it->second.text.empty())
    return RunConfig{}.launch.worker;
  const UserPath path = resolved_path(*schema_key("launch.worker"), it->second, source);
  if (!path.problem.empty()) throw UsageError("launch.worker: " + path.problem);
  return path.path;
}

LoadedConfig load_config(const ConfigSource& source, const WorkerDescription& worker) {
  return Loader(source, worker).load();
}

}  // namespace tlaunch
