// Every key of a config file: the one place of truth of its type, unit, meaning, bounds and binding to RunConfig.
// Plain defaults are RunConfig's own member initialisers, read from there. The keys of models and data sets stand in
// their worker's description instead.
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

// What a relative path is relative to: none: it is no path; file_folder: the folder of the file it stands in, on the
// command line the working directory; program: as file_folder, but a name without a slash is looked for elsewhere;
// command: a command, whose first word is as program;
// as_written: the working directory of whoever uses it; name: no path but part of one, kept as written.
enum class PathBase { none, file_folder, working_directory, program, command, as_written, name };

struct SchemaKey {
  std::string key = {};  // dotted: "train.epochs"; the part before the dot is the section
  ConfigField (*field)(RunConfig&) = nullptr;
  std::string unit = {};           // "" where there is none
  std::string meaning = {};        // one sentence, for people
  ValueRule rule = {};             // type and the choices of enumerations follow from the field
  std::string default_note = {};   // where the default is no plain value: "the file's stem"
  std::string group = {};          // keys of one group exclude each other: the last one given displaces the others
  std::string group_default = {};  // set on the one key of a group that holds where none is given
  bool may_change_on_resume = false;
  bool (*check)(const std::string& text) = nullptr;  // a rule beyond the type ...
  std::string expected = {};                         // ... in words; "" where there is no check
  PathBase path = PathBase::none;  // ~ and ~user expanded (config/user_path.h), made absolute on loading
};

const std::vector<SchemaKey>& schema();                         // in the order of docs and to_yaml
const SchemaKey* schema_key(const std::string& dotted);         // nullptr where unknown
const std::vector<std::string>& schema_sections();              // "model", "data", ...
std::vector<std::string> group_siblings(const SchemaKey& key);  // the other keys of its group

std::string section_of(const std::string& dotted);  // "train" of "train.epochs"; "" of "name"
std::string last_part(const std::string& dotted);   // "epochs"

std::optional<OptionValue> get(const SchemaKey& key, const RunConfig& config);  // nothing: an empty optional
void set(const SchemaKey& key, RunConfig& config, const std::optional<OptionValue>& value);
std::string default_text(const SchemaKey& key);  // as docs show it: "256", "auto", "the file's stem"

}  // namespace tlaunch
