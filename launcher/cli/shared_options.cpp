#include "launcher/cli/shared_options.h"

#include "base/absolute_path.h"
#include "base/error.h"
#include "base/quantity.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "base/units.h"
#include "config/config_value.h"
#include "config/config_variables.h"
#include "config/schema.h"
#include "launcher/cli/command_parse.h"
#include "launcher/cli/torchrun_alias.h"

namespace tlaunch {
namespace {

// The rule of a config key for an option of the same meaning, so that both accept the same values.
CLI::Validator rule_of(const char* key_name) {
  const auto check = [key_name](const std::string& text) -> std::string {
    const SchemaKey& key = *schema_key(key_name);
    if (key.check(text) || (!text.empty() && text == key.rule.empty_word)) return "";
    return format_text("expected {}, not {}", key.expected, quoted(text));
  };
  return CLI::Validator(check, "", key_name);
}

// A value that begins with one of these characters would be read as YAML, and ${...} in it as a variable.
std::string as_override(const std::string& text) {
  std::string value = escape_variables(text);
  if (value.empty() || std::string("'\"[{").find(value[0]) == std::string::npos) return value;
  std::string literal = "'";
  for (const char c : value) literal += c == '\'' ? std::string("''") : std::string(1, c);
  return literal + "'";
}

// Converts to bytes. A number without a unit is refused: nobody means ten bytes by "10".
CLI::Validator size_of_at_least(std::uint64_t least_bytes) {
  const auto to_bytes = [least_bytes](std::string& text) -> std::string {
    try {
      if (const auto bytes = parse_bytes("", text); bytes >= least_bytes) {
        text = std::to_string(bytes);
        return "";
      }
    } catch (const UsageError&) {  // the message below says more
    }
    return format_text("expected a size with its unit, such as 10GB or 10GiB, of at least {}, not {}",
                       format_bytes(least_bytes), quoted(text));
  };
  return CLI::Validator(to_bytes, "", "size");
}

}  // namespace

void nproc_option(CLI::App& app, std::optional<std::string>& value, const std::string& fallback) {
  app.add_option("--nproc", value,
                 "Number of ranks; auto: one per GPU, or 1; gpu: one per GPU; cpu: one per core (" + fallback + ")")
      ->check(rule_of("launch.nproc"))
      ->type_name("N|auto|cpu|gpu");
}
void log_limit_option(CLI::App& app, std::uint64_t& bytes) {
  app.add_option("--log-limit", bytes,
                 "Size limit of each rank's log; its first half and the newest lines are kept (default: 1GB)")
      ->transform(size_of_at_least(1000))
      ->type_name("SIZE");
}
void wait_gpu_option(CLI::App& app, std::optional<std::uint64_t>& bytes) {
  app.add_option("--wait-gpu", bytes, "Wait until every GPU in use has SIZE free, for example 10GB")
      ->transform(size_of_at_least(1'000'000))
      ->type_name("SIZE");
}
void numa_option(CLI::App& app, std::optional<std::string>& value, const std::string& fallback) {
  app.add_option("--numa", value,
                 "node: pin each rank to the cores of the NUMA node next to its GPU (" + fallback + ")")
      ->transform(one_of({"none", "node"}))
      ->type_name("none|node");
}
void grace_option(CLI::App& app, std::optional<double>& value, const std::string& fallback) {
  app.add_option("--grace", value, "Seconds between SIGTERM and SIGKILL when the group is stopped (" + fallback + ")")
      ->transform(number_within(0, 86400))
      ->type_name("S");
}

void restarts_option(CLI::App& app, std::optional<std::int64_t>& value, const std::string& meaning) {
  app.add_option("--max-restarts", value, meaning)->transform(integer_within(0, 1'000'000))->type_name("N");
}
void hang_option(CLI::App& app, std::optional<double>& value, const std::string& meaning) {
  app.add_option("--hang-timeout", value, meaning)->transform(number_within(1, 1e9))->type_name("S");
}

void end_options(CLI::App& app, std::optional<std::string>& max_time, std::optional<std::string>& on_end,
                 const std::string& at_its_time, const std::string& default_note) {
  app.add_option("--max-time", max_time, at_its_time)->check(rule_of("launch.max_time"))->type_name("TIME");
  app.add_option(
         "--on-end", on_end,
         "Run this command once after the run, however it ended; TLAUNCH_STATUS, TLAUNCH_REASON, TLAUNCH_EXIT_CODE and "
         "TLAUNCH_RUN_DIR describe the end. For a shell write sh -c '...'" +
             default_note)
      ->type_name("COMMAND");
}

std::string end_command(const std::string& text) {
  const std::string word = is_command(text) ? shell_words(text).front() : "";
  if (word.starts_with("/") || word.find('/') == std::string::npos) return text;
  return with_first_word(text, absolute_path(expanded_path("--on-end", word)));
}

void add_keys(KeyOptions keys, const TorchrunValues& torchrun, std::vector<std::string>& overrides) {
  apply_torchrun(torchrun, keys.nproc);
  if (!keys.numa) keys.numa = torchrun_numa(torchrun);
  if (!keys.max_restarts) keys.max_restarts = torchrun_restarts(torchrun);
  const auto add = [&](const char* key, const std::string& value) { overrides.push_back(key + ("=" + value)); };
  if (keys.nproc) add("launch.nproc", *keys.nproc);
  if (keys.numa) add("launch.numa", *keys.numa);
  if (keys.grace_s) add("launch.grace_s", to_text(*keys.grace_s));
  if (keys.hang_timeout_s) add("launch.hang_timeout_s", to_text(*keys.hang_timeout_s));
  if (keys.max_restarts) add("launch.max_restarts", std::to_string(*keys.max_restarts));
  if (keys.max_time) add("launch.max_time", *keys.max_time);
  if (keys.on_end) add("launch.on_end", as_override(end_command(*keys.on_end)));
}

}  // namespace tlaunch
