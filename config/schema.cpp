#include "config/schema.h"

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <unordered_map>

#include "config/schema_keys.h"

namespace tlaunch {
namespace {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class Enum>
constexpr Enum enum_values[3] = {};
template <>
constexpr Precision enum_values<Precision>[] = {Precision::fp32, Precision::fp16, Precision::bf16};
template <>
constexpr FloatType enum_values<FloatType>[] = {FloatType::float32, FloatType::float64};
template <>
constexpr OptimizerKind enum_values<OptimizerKind>[] = {OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw};
template <>
constexpr ScheduleKind enum_values<ScheduleKind>[] = {ScheduleKind::cosine, ScheduleKind::step, ScheduleKind::constant};
template <>
constexpr MonitorMode enum_values<MonitorMode>[] = {MonitorMode::min, MonitorMode::max};
template <>
constexpr OnNan enum_values<OnNan>[] = {OnNan::stop, OnNan::skip, OnNan::rollback};
template <>
constexpr NumaBinding enum_values<NumaBinding>[] = {NumaBinding::none, NumaBinding::node};

template <class T>
OptionValue to_value(const T& member) {
  if constexpr (std::is_enum_v<T>)
    return std::string(to_string(member));
  else
    return member;
}

template <class T>
T from_value(const OptionValue& value) {
  if constexpr (std::is_enum_v<T>) {
    for (const T each : enum_values<T>)
      if (std::get<std::string>(value) == to_string(each)) return each;
    throw std::logic_error("not a value of the enumeration: " + std::get<std::string>(value));
  } else {
    return std::get<T>(value);
  }
}

// Type and choices that follow from a member of type T.
template <class T>
void complete_rule(ValueRule& rule, const T*) {
  if constexpr (IsOptional<T>::value) {
    complete_rule(rule, static_cast<const typename T::value_type*>(nullptr));
  } else {
    rule.type = std::is_same_v<T, bool>           ? OptionType::boolean
                : std::is_same_v<T, std::int64_t> ? OptionType::integer
                : std::is_same_v<T, double>       ? OptionType::real
                                                  : OptionType::text;
    if constexpr (std::is_enum_v<T>)
      for (const T each : enum_values<T>) rule.choices.emplace_back(std::string(to_string(each)));
  }
}

std::vector<SchemaKey> build() {
  std::vector<SchemaKey> keys;
  for (const auto section : {run_keys, model_keys, data_keys, train_keys, eval_keys, gpu_keys, checkpoint_keys,
                             log_keys, launch_keys, tune_keys})
    for (SchemaKey& key : section()) keys.push_back(std::move(key));
  RunConfig config;
  for (SchemaKey& key : keys) std::visit([&](auto* member) { complete_rule(key.rule, member); }, key.field(config));
  return keys;
}

}  // namespace

const std::vector<SchemaKey>& schema() {
  static const std::vector<SchemaKey> keys = build();
  return keys;
}

const SchemaKey* schema_key(const std::string& dotted) {
  static const auto index = [] {
    std::unordered_map<std::string, const SchemaKey*> by_name;
    for (const SchemaKey& key : schema()) by_name[key.key] = &key;
    return by_name;
  }();
  const auto it = index.find(dotted);
  return it == index.end() ? nullptr : it->second;
}

const std::vector<std::string>& schema_sections() {
  static const auto sections = [] {
    std::vector<std::string> names;
    for (const SchemaKey& key : schema()) {
      const std::string section = section_of(key.key);
      if (!section.empty() && std::find(names.begin(), names.end(), section) == names.end()) names.push_back(section);
    }
    return names;
  }();
  return sections;
}

std::vector<std::string> group_siblings(const SchemaKey& key) {
  std::vector<std::string> siblings;
  if (key.group.empty()) return siblings;
  for (const SchemaKey& other : schema())
    if (other.group == key.group && other.key != key.key) siblings.push_back(other.key);
  return siblings;
}

std::string section_of(const std::string& dotted) {
  const auto dot = dotted.find('.');
  return dot == std::string::npos ? "" : dotted.substr(0, dot);
}

std::string last_part(const std::string& dotted) { return dotted.substr(dotted.rfind('.') + 1); }

std::optional<OptionValue> get(const SchemaKey& key, const RunConfig& config) {
  // The binding gives pointers to non-const members; nothing is written through them here.
  const ConfigField field = key.field(const_cast<RunConfig&>(config));
  return std::visit(
      [](const auto* member) -> std::optional<OptionValue> {
        if constexpr (IsOptional<std::decay_t<decltype(*member)>>::value) {
          if (!*member) return std::nullopt;
          return to_value(**member);
        } else {
          return to_value(*member);
        }
      },
      field);
}

void set(const SchemaKey& key, RunConfig& config, const std::optional<OptionValue>& value) {
  std::visit(
      [&](auto* member) {
        using Member = std::decay_t<decltype(*member)>;
        if constexpr (IsOptional<Member>::value) {
          if (value)
            *member = from_value<typename Member::value_type>(*value);
          else
            member->reset();
        } else {
          *member = from_value<Member>(value.value());
        }
      },
      key.field(config));
}

std::string default_text(const SchemaKey& key) {
  if (!key.default_note.empty()) return key.default_note;
  if (!key.group_default.empty()) return key.group_default;
  if (!key.group.empty()) return "";
  const auto value = get(key, RunConfig{});
  return value ? to_text(*value) : key.rule.empty_word;
}

}  // namespace tlaunch
