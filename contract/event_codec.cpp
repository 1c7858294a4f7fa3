#include "contract/event_codec.h"

#include <limits>
#include <set>
#include <type_traits>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {
namespace {

bool is_envelope(std::string_view key) {
  return key == "t" || key == "event" || key == "rank" || key == "dropped" || key == "attempt" || key == "truncated" ||
         key == "format";
}

template <class T>
constexpr bool is_list = false;
template <class T>
constexpr bool is_list<std::vector<T>> = true;

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

std::optional<double> real_in(const Json& value) {
  try {
    return number_of(value);
  } catch (const DataError&) {
    return std::nullopt;
  }
}

// Nothing if `value` has another type or is out of the range of T.
template <class T>
std::optional<T> value_in(const Json& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean() ? std::optional(value.get<bool>()) : std::nullopt;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
  } else if constexpr (std::is_same_v<T, double>) {
    return real_in(value);
  } else if constexpr (std::is_integral_v<T>) {
    if (value.is_number_unsigned()) {
      const auto number = value.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) return std::nullopt;
      return static_cast<T>(number);
    }
    if (value.is_number_integer()) {
      const auto number = value.get<std::int64_t>();
      if (number < 0 && std::is_unsigned_v<T>) return std::nullopt;
      return static_cast<T>(number);
    }
    if (!value.is_number_float()) return std::nullopt;
    const double number = value.get<double>();  // 3.0, as Python may write it
    constexpr double limit = 9e18;              // below both types' largest
    if (!(number >= (std::is_unsigned_v<T> ? 0 : -limit) && number <= limit)) return std::nullopt;
    return static_cast<T>(number);
  } else if constexpr (is_list<T>) {
    if (!value.is_array()) return std::nullopt;
    T list;
    for (const Json& item : value)
      if (auto one = value_in<typename T::value_type>(item)) list.push_back(std::move(*one));
    return list;
  } else {
    static_assert(std::is_same_v<T, Metrics>);
    if (!value.is_object()) return std::nullopt;
    Metrics metrics;
    for (const auto& [name, number] : value.items())
      if (const auto real = real_in(number)) metrics[name] = *real;
    return metrics;
  }
}

struct FieldWriter {
  Json& object;

  template <class T>
  void operator()(const char* name, const T& value, const char*, const char*) {
    if constexpr (is_optional<T>) {
      if (value) object[name] = without_nonfinite(Json(*value));
    } else {
      object[name] = without_nonfinite(Json(value));
    }
  }
  void rest(const Metrics& metrics, const char*) {
    for (const auto& [name, value] : metrics)
      if (!object.contains(name) && !is_envelope(name)) object[name] = without_nonfinite(Json(value));
  }
};

struct FieldReader {
  const Json& object;
  std::set<std::string_view> known = {};

  template <class T>
  void operator()(const char* name, T& value, const char*, const char*) {
    known.insert(name);
    const auto found = object.find(name);
    if (found == object.end()) return;
    if constexpr (is_optional<T>) {
      if (const auto read = value_in<typename T::value_type>(*found)) value = *read;
    } else {
      if (const auto read = value_in<T>(*found)) value = *read;
    }
  }
  void rest(Metrics& metrics, const char*) {
    for (const auto& [name, value] : object.items()) {
      if (known.contains(name) || is_envelope(name)) continue;
      if (const auto real = real_in(value)) metrics[name] = *real;
    }
  }
};

// Calls `found` with a default-constructed event of that name; false if there is none.
template <std::size_t index = 0, class Found>
bool for_event_named(std::string_view name, Found&& found) {
  using This = std::variant_alternative_t<index, Event>;
  if constexpr (std::is_same_v<This, OtherEvent>) {
    return false;
  } else {
    if (name == This::info.name) {
      found(This{});
      return true;
    }
    return for_event_named<index + 1>(name, found);
  }
}

template <class Known, class Other>
auto told_of(const Event& event, Known&& known, Other&& other) {
  return std::visit(
      [&](const auto& one) {
        if constexpr (std::is_same_v<std::decay_t<decltype(one)>, OtherEvent>)
          return other(one);
        else
          return known(one);
      },
      event);
}

struct ReferenceRow {
  std::string& text;

  static std::string cell(std::string words) {
    for (std::size_t at = 0; (at = words.find('|', at)) != std::string::npos; at += 2) words.replace(at, 1, "\\|");
    return words;
  }
  template <class T>
  static const char* type() {
    if constexpr (is_optional<T>)
      return type<typename T::value_type>();
    else if constexpr (std::is_same_v<T, bool>)
      return "true or false";
    else if constexpr (std::is_same_v<T, std::string>)
      return "text";
    else if constexpr (std::is_integral_v<T>)
      return "integer";
    else if constexpr (std::is_same_v<T, double>)
      return "number";
    else if constexpr (is_list<T>)
      return std::is_integral_v<typename T::value_type> ? "integers" : "texts";
    else
      return "numbers by name";
  }
  template <class T>
  void operator()(const char* name, const T&, const char* unit, const char* meaning) {
    text += format_text("| `{}` | {}{} | {} | {} |\n", name, type<T>(), is_optional<T> ? ", may be missing" : "", unit,
                        cell(meaning));
  }
  void rest(const Metrics&, const char* meaning) { text += format_text("| ... | number | | {} |\n", cell(meaning)); }
};

const char* words_of(Writer writer) {
  switch (writer) {
    case Writer::rank_0: return "rank 0";
    case Writer::each_rank: return "each rank";
    case Writer::the_rank_concerned: return "the rank concerned";
    case Writer::launcher: return "the launcher";
  }
  return "";
}

const char* words_of(WhenFull when) {
  switch (when) {
    case WhenFull::drop: return "Dropped at once";
    case WhenFull::drop_silent: return "Dropped at once, and not counted in `dropped`,";
    case WhenFull::wait_1_s: return "Dropped after 1 s";
    case WhenFull::wait_30_s: return "Dropped after 30 s";
  }
  return "";
}

template <std::size_t index = 0>
void describe_from(std::string& text) {
  using This = std::variant_alternative_t<index, Event>;
  if constexpr (!std::is_same_v<This, OtherEvent>) {
    text += format_text("## `{}`\n\n{} Writer: {}.", This::info.name, This::info.meaning, words_of(This::info.writer));
    if (This::info.writer != Writer::launcher)
      text += format_text(" {} if the launcher does not read.", words_of(This::info.when_full));
    text += "\n\n";
    std::string rows;
    const This empty;
    This::fields(empty, ReferenceRow{rows});
    if (!rows.empty()) text += "| field | type | unit | meaning |\n| --- | --- | --- | --- |\n" + rows + "\n";
    describe_from<index + 1>(text);
  }
}

}  // namespace

std::string name_of(const Event& event) {
  return told_of(
      event, [](const auto& known) { return std::string(known.info.name); },
      [](const OtherEvent& other) { return other.name; });
}

Writer writer_of(const Event& event) {
  return told_of(
      event, [](const auto& known) { return known.info.writer; }, [](const OtherEvent&) { return Writer::launcher; });
}

WhenFull when_full(const Event& event) {
  return told_of(
      event, [](const auto& known) { return known.info.when_full; },
      [](const OtherEvent&) { return WhenFull::wait_30_s; });
}

Json fields_of(const Event& event) {
  return told_of(
      event,
      [](const auto& known) {
        Json object = Json::object();
        std::decay_t<decltype(known)>::fields(known, FieldWriter{object});
        return object;
      },
      [](const OtherEvent& other) { return without_nonfinite(other.fields); });
}

std::optional<StampedEvent> decode(Json line) {
  if (!line.is_object()) return std::nullopt;
  const auto name = line.find("event");
  if (name == line.end() || !name->is_string()) return std::nullopt;
  StampedEvent stamped;
  if (const auto t = line.find("t"); t != line.end()) stamped.t_s = real_in(*t).value_or(0);
  if (const auto rank = line.find("rank"); rank != line.end()) stamped.rank = value_in<int>(*rank).value_or(-1);
  const std::string text = name->get<std::string>();
  const bool known = for_event_named(text, [&](auto event) {
    decltype(event)::fields(event, FieldReader{line});
    stamped.event = std::move(event);
  });
  if (!known) {
    OtherEvent other{text, Json::object()};
    for (const auto& [key, value] : line.items())
      if (!is_envelope(key)) other.fields[key] = value;
    stamped.event = std::move(other);
  }
  stamped.line = std::move(line);
  return stamped;
}

std::string event_reference() {
  std::string text = R"(# Events

Generated from `contract/events.h` by `scripts/update_docs`; a test compares the two.

A run's `events.jsonl` has one JSON object per line: what happened, when, and in which rank. Every line has `t` (Unix
time in seconds) and `event` (its name), and then the fields below. Each line is written in one piece. Readers should
ignore fields and events that they do not know.

| field of any event | meaning |
| --- | --- |
| `rank` | rank that wrote the event; missing in events of the launcher |
| `attempt` | 0 at first, plus 1 for each restart |
| `dropped` | events of this rank dropped since its previous one, because the launcher did not read; missing: none |
| `truncated` | true: the event was too long for one write to a pipe, so long texts are cut and fields may be missing |
| `format` | version of the file format, only in the first line: 1 |

A number that is not finite is written as the text `NaN`, `Infinity` or `-Infinity`.

Your own worker writes the same lines, without `attempt`, to the descriptor in `TLAUNCH_EVENT_FD`, each one in a single
`write` of at most 4096 bytes.

)";
  describe_from(text);
  text += R"(## `plan`, `estimate`, `trial`

Writer: the launcher.

- `plan`: the content of plan.json, and `resumed_from`, the checkpoint, if the run resumes.
- `estimate`: the output of `tlaunch estimate --json` for the run. If the speed was unknown at the start: only the time,
  after the first steps.
- `trial`: one measurement while tuning, with its settings (`spec`) and its purpose (`why`).
)";
  return text;
}

}  // namespace tlaunch
