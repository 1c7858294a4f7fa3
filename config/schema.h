// Every key of a config file, with its type, unit, meaning, bounds and binding to RunConfig: the only place that
// defines them. Plain defaults are read from RunConfig's member initialisers. The keys of models and data sets are in
// the worker's description instead.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/config_value.h"
#include "config/run_config.h"

namespace tlaunch {

// The member a key sets.
using ConfigField = std::variant<bool*, std::int64_t*, double*, std::string*, FloatType*, OptimizerKind*, ScheduleKind*,
                                 MonitorMode*, OnNan*, NumaBinding*, std::optional<bool>*, std::optional<std::int64_t>*,
                                 std::optional<double>*, std::optional<std::string>*, std::optional<Precision>*>;

// The folder at which a relative path starts. none: the value is not a path; file_folder: the folder of the file that
// gives it, or the working directory if given on the command line; program: as file_folder, but a name without a slash
// is searched in PATH and elsewhere; command: a command whose first word is a program; as_written: the working
// directory of the program that uses it; name: part of a path, kept as written.
enum class PathBase { none, file_folder, working_directory, program, command, as_written, name };

struct SchemaKey {
  std::string key = {};  // dotted: "train.epochs"; the part before the dot is the section
  ConfigField (*field)(RunConfig&) = nullptr;
  std::string unit = {};           // "": none
  std::string meaning = {};        // one sentence, for people
  ValueRule rule = {};             // type and the choices of enumerations follow from the field
  std::string default_note = {};   // if the default is not a plain value: "the file's stem"
  std::string group = {};          // keys of one group exclude each other; the last one given counts
  std::string group_default = {};  // set on the key of a group that is used if none is given
  bool may_change_on_resume = false;
  bool (*check)(const std::string& text) = nullptr;  // a rule beyond the type ...
  std::string expected = {};                         // ... in words; "": no check
  PathBase path = PathBase::none;  // made absolute on loading, with ~ and ~user replaced (config/user_path.h)
};

const std::vector<SchemaKey>& schema();                         // in the order of docs and to_yaml
const SchemaKey* schema_key(const std::string& dotted);         // nullptr: unknown
const std::vector<std::string>& schema_sections();              // "model", "data", ...
std::vector<std::string> group_siblings(const SchemaKey& key);  // the other keys of its group

std::string section_of(const std::string& dotted);  // "train" of "train.epochs"; "" of "name"
std::string last_part(const std::string& dotted);   // "epochs"

std::optional<OptionValue> get(const SchemaKey& key, const RunConfig& config);  // nothing: an empty optional
void set(const SchemaKey& key, RunConfig& config, const std::optional<OptionValue>& value);
std::string default_text(const SchemaKey& key);  // as in the docs: "256", "auto", "the file's stem"

}  // namespace tlaunch
