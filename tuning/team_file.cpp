#include "tuning/team_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"
#include "config/config_problems.h"
#include "config/schema.h"
#include "config/yaml/yaml_edit.h"
#include "config/yaml/yaml_reader.h"
#include "hardware/gpu/gpu_table.h"

namespace tlaunch {
namespace {

const char* const root_key = "team_gpu_settings";

const std::string micro_batch_key = "train.batch_size", accumulation_key = "train.gradient_accumulation_steps",
                  precision_key = "gpu.mixed_precision";

// ---- names of cards

struct CardName {
  std::string id;                   // "rtx_3060"
  std::optional<double> memory_gb;  // if the name says it
};

std::optional<double> memory_of(const std::string& word) {
  if (word.size() < 3 || word.compare(word.size() - 2, 2, "gb") != 0) return std::nullopt;
  int gb = 0;
  const char* const end = word.data() + word.size() - 2;
  const auto [stop, error] = std::from_chars(word.data(), end, gb);
  if (error != std::errc() || stop != end) return std::nullopt;
  return gb;
}

CardName parse_card(const std::string& name) {
  static const std::vector<std::string> no_part_of_it = {"nvidia", "geforce", "tesla", "quadro", "gpu",   "pcie", "sxm",
                                                         "sxm2",   "sxm3",    "sxm4",  "sxm5",   "hbm2e", "hbm3"};
  const std::vector<std::string> words = card_words(name);
  std::vector<std::string> id;
  CardName card;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i];
    if (i + 1 < words.size() && words[i + 1] == "gb" && memory_of(word + "gb")) word += words[++i];  // "12 GB"
    if (std::find(no_part_of_it.begin(), no_part_of_it.end(), word) != no_part_of_it.end()) continue;
    if (const auto memory = memory_of(word))
      card.memory_gb = memory;
    else
      id.push_back(word);
  }
  card.id = joined(id, "_");
  return card;
}

// A card reports up to 7.4 % more than its maker's figure (binary units), or less, because it reserves some for itself.
double memory_distance(double entry_gb, double card_gb) {
  constexpr double most = 0.08;
  const double distance = std::fabs(card_gb - entry_gb) / entry_gb;
  return distance <= most ? distance : INFINITY;
}

const TeamEntry* find(const TeamFile& file, const CardName& card, bool for_this_memory_only) {
  const TeamEntry *best = nullptr, *general = nullptr;
  double nearest = INFINITY;
  for (const TeamEntry& entry : file.entries) {
    const CardName name = parse_card(entry.id);
    if (name.id != card.id) continue;
    if (!name.memory_gb) {
      general = &entry;
    } else if (card.memory_gb && memory_distance(*name.memory_gb, *card.memory_gb) < nearest) {
      nearest = memory_distance(*name.memory_gb, *card.memory_gb);
      best = &entry;
    }
  }
  return best || for_this_memory_only ? best : general;
}

CardName wanted(const TeamCard& card) {
  CardName name = parse_card(card.name);
  if (!name.memory_gb) name.memory_gb = card.memory_gb;
  return name;
}

// ---- the batch rule

// "4 x 12 or 8 x 6": the splits of batch x accumulation into a multiple of 4 and an accumulation, next below and above.
std::string splits_by_the_rule(std::int64_t batch, std::int64_t accumulation) {
  const std::int64_t effective = batch * accumulation;
  const auto split = [&](std::int64_t micro) { return format_text("{} x {}", micro, effective / micro); };
  std::string below, above;
  for (std::int64_t micro = batch / 4 * 4; micro >= 4 && below.empty(); micro -= 4)
    if (effective % micro == 0) below = split(micro);
  // A larger micro-batch needs a smaller accumulation.
  for (std::int64_t steps = accumulation - 1; steps >= 1 && above.empty(); --steps)
    if (effective % steps == 0 && effective / steps % 4 == 0) above = split(effective / steps);
  return joined({below, above}, " or ");
}

std::string batch_note(const TeamSettings& settings) {
  const auto batch = settings.integer(micro_batch_key);
  if (!batch || *batch % 4 == 0) return "";
  const std::string note = format_text("batch_size {} is not a multiple of 4", *batch);
  const std::int64_t accumulation = settings.integer(accumulation_key).value_or(1);
  constexpr std::int64_t largest = 1 << 20;  // nobody trains beyond it, and the search would take long
  if (*batch > largest || accumulation > largest) return note;
  const std::int64_t effective = *batch * accumulation;
  const std::string splits = splits_by_the_rule(*batch, accumulation);
  if (splits.empty()) return format_text("{}, and its effective batch of {} cannot be split into one", note, effective);
  return format_text("{}; for the same effective batch of {}: {}", note, effective, splits);
}

// ---- reading

class Reader {
 public:
  Reader(const std::string& text, const std::string& path) : path_(path) {
    try {
      root_ = read_yaml(text);
    } catch (const YamlProblem& problem) {
      problems_.add({path_, problem.line, problem.column, ""}, "", problem.what);
      problems_.throw_if_any();
    }
  }

  bool empty() const { return !root_ || root_->kind == YamlNode::Kind::null; }

  // Nothing if the file does not have root_key yet.
  std::optional<TeamFile> read() {
    if (empty()) return std::nullopt;
    std::optional<TeamFile> file;
    if (root_->kind == YamlNode::Kind::map) {
      for (const auto& [key, value] : root_->fields) {
        if (key->text != root_key) continue;
        if (file) problem(*key, root_key, "is given twice; remove one");
        file = TeamFile();
        read_entries(*value, *file);
      }
    } else {
      problem(*root_, "", "not a map of keys; " + expected_form());
    }
    problems_.throw_if_any();
    return file;
  }

  static std::string expected_form() {
    return format_text(
        "expected {}: with one entry per GPU, such as rtx_4090: {{batch_size: 48, "
        "gradient_accumulation_steps: 1}}",
        root_key);
  }

 private:
  void problem(const YamlNode& at, const std::string& key, const std::string& what) {
    problems_.add({path_, at.line, at.column, ""}, key, what);
  }

  void read_entries(const YamlNode& entries, TeamFile& file) {
    if (entries.kind == YamlNode::Kind::null) return;
    if (entries.kind != YamlNode::Kind::map) return problem(entries, root_key, "is not a map; " + expected_form());
    for (const auto& [key, value] : entries.fields) {
      const CardName name = parse_card(key->text);
      const std::string dotted = std::string(root_key) + "." + key->text;
      if (name.id.empty()) {
        problem(*key, dotted, "is not a GPU; expected an id such as rtx_3060, rtx_3060_12gb or cpu");
        continue;
      }
      for (const TeamEntry& other : file.entries) {
        const CardName known = parse_card(other.id);
        if (known.id == name.id && known.memory_gb == name.memory_gb)
          problem(*key, dotted, format_text("is the same GPU as {} in line {}; remove one", other.id, other.line));
      }
      TeamEntry entry{.id = key->text, .line = key->line, .settings = {}, .note = {}};
      if (value->kind == YamlNode::Kind::map)
        read_entry(*value, dotted, entry.settings);
      else
        problem(*key, dotted, "has no keys; expected keys below it, such as batch_size: 48");
      entry.note = batch_note(entry.settings);
      file.entries.push_back(std::move(entry));
    }
  }

  void read_entry(const YamlNode& map, const std::string& dotted, TeamSettings& settings) {
    std::vector<std::string> seen;
    for (const auto& [key, value] : map.fields) {
      const std::string name = dotted + "." + key->text;
      const auto& keys = team_keys();
      const auto known = std::find_if(keys.begin(), keys.end(),
                                      [&key = key](const std::string& each) { return last_part(each) == key->text; });
      if (known == keys.end()) {
        std::vector<std::string> names;
        for (const std::string& each : keys) names.push_back(last_part(each));
        const auto meant = problems_.full() ? std::nullopt : nearest(key->text, names);
        problem(*key, name,
                joined({"unknown key", meant ? format_text("did you mean {}?", *meant) : "",
                        "expected one of " + joined(names, ", ")},
                       "; "));
      } else if (std::find(seen.begin(), seen.end(), key->text) != seen.end()) {
        problem(*key, name, "is given twice; remove one");
      } else {
        seen.push_back(key->text);
        read_value(*known, *key, *value, name, settings);
      }
    }
  }

  void read_value(const std::string& config_key, const YamlNode& key, const YamlNode& value, const std::string& name,
                  TeamSettings& settings) {
    const ValueRule& rule = schema_key(config_key)->rule;
    if (value.kind != YamlNode::Kind::scalar)
      return problem(value.kind == YamlNode::Kind::null ? key : value, name, "expected " + expectation(rule));
    const ParsedValue parsed = parse_value(value.text, rule);
    if (!parsed.problem.empty()) return problem(value, name, parsed.problem);
    if (parsed.value)
      settings.values[config_key] = *parsed.value;
    else if (config_key == precision_key)
      settings.any_mixed_precision = value.text != rule.empty_word;
  }

  std::string path_;
  YamlNodePtr root_;
  ConfigProblems problems_;
};

TeamFile team_file_of(Reader reader, const std::string& path) {
  std::optional<TeamFile> file = reader.read();
  if (!file) throw UsageError(format_text("{}: {} is missing; {}", path, root_key, Reader::expected_form()));
  return std::move(*file);
}

}  // namespace

std::optional<std::int64_t> TeamSettings::integer(const std::string& key) const {
  const auto found = values.find(key);
  return found == values.end() ? std::nullopt : std::optional(std::get<std::int64_t>(found->second));
}

const std::vector<std::string>& team_keys() {
  static const std::vector<std::string> keys = {micro_batch_key,   accumulation_key,      precision_key,
                                                "gpu.tf32",        "gpu.cudnn_benchmark", "gpu.channels_last",
                                                "data.num_workers"};
  return keys;
}

TeamFile parse_team_file(const std::string& text, const std::string& path) {
  return team_file_of(Reader(text, path), path);
}

std::optional<TeamEntry> find_team_entry(const TeamFile& file, const TeamCard& card) {
  const TeamEntry* entry = find(file, wanted(card), false);
  return entry ? std::optional(*entry) : std::nullopt;
}

std::string with_team_entry(const std::string& text, const std::string& path, const TeamCard& card, bool memory_in_id,
                            const TeamSettings& settings) {
  Reader reader(text, path);
  const TeamFile file = reader.empty() ? TeamFile() : team_file_of(std::move(reader), path);
  const CardName name = wanted(card);
  if (memory_in_id && !name.memory_gb) throw std::logic_error("a team entry by memory needs the card's memory");
  std::string id = name.id;
  if (memory_in_id) id += format_text("_{}gb", std::llround(*name.memory_gb));
  if (const TeamEntry* entry = find(file, name, memory_in_id)) id = entry->id;

  std::vector<YamlEdit> edits;
  for (const std::string& key : team_keys()) {
    const auto value = settings.values.find(key);
    if (value == settings.values.end()) continue;
    // false, not off: other tools that read the file know only true and false.
    const bool no_precision = value->second == OptionValue(std::string(to_string(Precision::fp32)));
    edits.push_back({{root_key, id, last_part(key)}, no_precision ? "false" : to_text(value->second)});
  }
  return edit_yaml(text, edits, path);
}

}  // namespace tlaunch
