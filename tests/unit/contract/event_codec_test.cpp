// Every event: to JSON and back, and reading events of other versions.
#include "contract/event_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <set>

namespace tlaunch {
namespace {

std::optional<StampedEvent> read(const std::string& line) { return decode(Json::parse(line, nullptr, false)); }

template <class T>
const T& as(const std::optional<StampedEvent>& stamped) {
  return std::get<T>(stamped.value().event);
}

template <class T>
constexpr bool is_list = false;
template <class T>
constexpr bool is_list<std::vector<T>> = true;

// Random values, including the ends of their range and numbers that are not finite.
struct Randomly {
  template <class T>
  static T value() {
    if constexpr (std::is_same_v<T, bool>) {
      return *rc::gen::arbitrary<bool>();
    } else if constexpr (std::is_same_v<T, double>) {
      return *rc::gen::oneOf(rc::gen::arbitrary<double>(),
                             rc::gen::element(std::numeric_limits<double>::infinity(),
                                              -std::numeric_limits<double>::infinity(), std::nan("")));
    } else if constexpr (std::is_integral_v<T>) {
      return *rc::gen::oneOf(rc::gen::arbitrary<T>(),
                             rc::gen::element(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    } else if constexpr (std::is_same_v<T, std::string>) {
      return *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
    } else if constexpr (std::is_same_v<T, Metrics>) {
      Metrics metrics;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) metrics["val_" + std::to_string(i)] = value<double>();
      return metrics;
    } else if constexpr (is_list<T>) {
      T list;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) list.push_back(value<typename T::value_type>());
      return list;
    } else {
      return *rc::gen::arbitrary<bool>() ? T(value<typename T::value_type>()) : T();
    }
  }
  template <class T>
  void operator()(const char*, T& field, const char*, const char*) {
    field = value<T>();
  }
  void rest(Metrics& metrics, const char*) { metrics = value<Metrics>(); }
};

template <std::size_t index = 0>
void check_round_trip() {
  using This = std::variant_alternative_t<index, Event>;
  if constexpr (!std::is_same_v<This, OtherEvent>) {
    This event;
    This::fields(event, Randomly{});
    Json line = {{"t", 12.5}, {"event", This::info.name}, {"rank", 3}};
    const Json fields = fields_of(event);
    for (const auto& [key, value] : fields.items()) line[key] = value;
    const auto back = decode(Json::parse(line.dump()));
    RC_ASSERT(back.has_value());
    RC_ASSERT(std::holds_alternative<This>(back->event));
    RC_ASSERT(name_of(back->event) == This::info.name);
    RC_ASSERT(back->t_s == 12.5 && back->rank == 3);
    RC_ASSERT(fields_of(back->event).dump() == fields.dump());
    check_round_trip<index + 1>();
  }
}

struct FieldNames {
  std::set<std::string> seen;
  std::string repeated;

  template <class T>
  void operator()(const char* name, const T&, const char*, const char*) {
    const bool envelope = name == std::string("t") || name == std::string("event") || name == std::string("rank");
    if (envelope || !seen.insert(name).second) repeated += std::string(name) + " ";
  }
  void rest(const Metrics&, const char*) {}
};

RC_GTEST_PROP(EventCodec, EveryEventComesBackAsItWas, ()) { check_round_trip(); }

template <std::size_t index = 0>
void check_names(std::set<std::string>& names) {
  using This = std::variant_alternative_t<index, Event>;
  if constexpr (!std::is_same_v<This, OtherEvent>) {
    EXPECT_TRUE(names.insert(This::info.name).second) << This::info.name << " is the name of two events";
    FieldNames fields;
    const This event;
    This::fields(event, fields);
    EXPECT_TRUE(fields.repeated.empty()) << This::info.name << ": " << fields.repeated;
    check_names<index + 1>(names);
  }
}

TEST(EventCodec, NamesAreAllDifferentAndEachFieldHasItsNameOnce) {
  std::set<std::string> names;
  check_names(names);
  const std::string reference = event_reference();
  for (const char* name : {"start", "step", "epoch_end", "rank_done", "memory", "peak", "detection", "shortage"}) {
    const std::string heading = "## `" + std::string(name) + "`\n";
    ASSERT_NE(reference.find(heading), std::string::npos) << name;
    EXPECT_EQ(reference.find(heading), reference.rfind(heading)) << name;
  }
}

TEST(EventCodec, WhatIsMissingOrOfAnotherTypeKeepsItsDefault) {
  const auto step = read(R"({"t":1,"event":"step","rank":0,"step":"seven","loss":true,"samples":3.0,"new":[1]})");
  EXPECT_EQ(as<StepEvent>(step).step, 0);
  EXPECT_EQ(as<StepEvent>(step).loss, std::nullopt);
  EXPECT_EQ(as<StepEvent>(step).samples, 3) << "as Python may write it";
  EXPECT_EQ(step->line["new"], Json::array({1})) << "what this version does not know is still there";
  const auto bare = read(R"({"event":"checkpoint"})");
  EXPECT_EQ(as<CheckpointEvent>(bare).path, "");
  EXPECT_EQ(bare->rank, -1);
  EXPECT_EQ(bare->t_s, 0);
}

TEST(EventCodec, NumbersBeyondTheirTypeAreNotTaken) {
  const auto peak = read(R"({"event":"peak","rank":99999999999,"peak_bytes":-1})");
  EXPECT_EQ(as<PeakEvent>(peak).peak_bytes, 0u);
  EXPECT_EQ(peak->rank, -1);
  EXPECT_EQ(as<StepEvent>(read(R"({"event":"step","step":1e300})")).step, 0);
  EXPECT_EQ(as<StepEvent>(read(R"({"event":"step","step":18446744073709551615})")).step, 0);
}

TEST(EventCodec, MetricsAreAllOtherNumbers) {
  const auto evaluation =
      read(R"({"t":1,"event":"eval","rank":0,"attempt":2,"step":7,"val_loss":0.5,"odd":"NaN","text":"x","samples":9})");
  const auto& metrics = as<EvaluationEvent>(evaluation).metrics;
  EXPECT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics.at("val_loss"), 0.5);
  EXPECT_TRUE(std::isnan(metrics.at("odd")));
}

TEST(EventCodec, UnknownEventsPassAndWhatIsNoEventDoesNot) {
  const auto other = read(R"({"t":1,"event":"of_tomorrow","rank":1,"x":{"y":2}})");
  EXPECT_EQ(as<OtherEvent>(other).name, "of_tomorrow");
  EXPECT_EQ(as<OtherEvent>(other).fields, Json::parse(R"({"x":{"y":2}})"));
  for (const char* line : {"", "7", "[]", "{}", R"({"event":7})", R"({"event":"step")"})
    EXPECT_FALSE(read(line)) << line;
}

}  // namespace
}  // namespace tlaunch
