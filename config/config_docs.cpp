// docs/config.md out of the schema and a worker's description.
#include "base/text.h"
#include "config/config_loader.h"
#include "config/config_problems.h"
#include "config/schema.h"

namespace tlaunch {
namespace {

std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& each : cells) line.append(" ").append(cell(each)).append(each.empty() ? "|" : " |");
  return line.append("\n");
}

std::string table_head() {
  return row({"key", "takes", "default", "unit", "meaning"}) + "| --- | --- | --- | --- | --- |\n";
}

std::string code(const std::string& text) { return "`" + text + "`"; }

std::string takes(const SchemaKey& key) {
  std::string text = key.check ? key.expected : expectation(key.rule);
  const auto siblings = group_siblings(key);
  if (!siblings.empty()) {
    std::vector<std::string> names;
    for (const std::string& sibling : siblings) names.push_back(code(sibling));
    text += "; instead of " + joined(names, ", ");
  }
  return text;
}

std::string section_table(const std::string& section) {
  std::string text = table_head();
  for (const SchemaKey& key : schema())
    if (section_of(key.key) == section)
      text += row({code(key.key), takes(key), default_text(key), key.unit, key.meaning});
  return text;
}

std::string option_table(const std::string& section, const std::vector<OptionSpec>& options) {
  if (options.empty()) return "No keys of its own.\n";
  std::string text = table_head();
  for (const OptionSpec& option : options)
    text += row({code(section + "." + option.key), expectation(rule_of(option)), to_text(option.default_value),
                 option.unit, option.meaning});
  return text;
}

template <class Description>
std::string head_of(const Description& described, const std::string& noun) {
  std::string text = "\n### " + noun + " " + code(described.name) + "\n\n" + described.summary;
  if (!text.ends_with('.')) text += '.';
  text += " Samples: " + described.sample_kind + ".";
  if (!described.metrics.empty()) text += " Metrics: " + joined(described.metrics, ", ") + ".";
  return text;
}

std::string resume_keys() {
  std::vector<std::string> keys;
  for (const SchemaKey& key : schema())
    if (key.may_change_on_resume) keys.push_back(code(key.key));
  return joined(keys, ", ");
}

}  // namespace

std::string config_markdown(const WorkerDescription& worker) {
  std::string text =
      "# Config keys\n\n"
      "Made by `scripts/update_docs` from `config/schema_*.cpp` and from what the worker describes; do not "
      "edit by hand.\n\n"
      "A config is a YAML file with the sections below. `auto` leaves a value to tuning. Rules of the file:\n\n"
      "- `extends: base.yaml` starts from another file (its path is relative to this one); what this file gives wins.\n"
      "- `${VAR}` in a value is the environment variable, `${VAR:-text}` gives a default, `$${` is a plain `${`.\n"
      "- In paths a leading `~` or `~user` is a home folder. A `$VAR` without braces is refused there and in names: it "
      "would make a folder of that name (which is written `$$VAR`).\n"
      "- `key=value` on the command line (`train.epochs=3`) beats the file; the last one wins.\n"
      "- Of keys that stand \"instead of\" one another one holds: a later one (command line, then the file, then what "
      "it extends) displaces the others.\n"
      "- On resume only these and paths may differ: " +
      resume_keys() + ".\n\n## Top level\n\n" + section_table("");
  for (const std::string& section : schema_sections())
    text += "\n## " + code(section) + "\n\n" + section_table(section);

  text += "\n## Models\n";
  for (const ModelDescription& model : worker.models)
    text += head_of(model, "Model") + "\n\n" + option_table("model", model.options);
  text += "\n## Data sets\n";
  for (const DatasetDescription& dataset : worker.datasets)
    text += head_of(dataset, "Data set") +
            (dataset.default_root.empty() ? " `data.root` must be given."
                                          : " Default root: " + code(dataset.default_root) + ".") +
            "\n\n" + option_table("data", dataset.options);
  return text;
}

}  // namespace tlaunch
