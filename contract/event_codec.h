// Events to JSON and back. Reading is lenient, because a worker may be of another version or written by the user: a
// field that is missing or has another type keeps its default, unknown fields are ignored, unknown events are
// OtherEvents. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contract/events.h"

namespace tlaunch {

// An event as it arrives.
struct StampedEvent {
  double t_s = 0;  // Unix time
  int rank = -1;   // -1: unknown
  Event event;
  Json line = Json::object();  // the whole line, including unknown fields, for events.jsonl
};

std::string name_of(const Event& event);
Writer writer_of(const Event& event);
WhenFull when_full(const Event& event);
Json fields_of(const Event& event);  // an object; numbers that are not finite are texts, as in base/json.h

// Nothing if the line is not an event: not an object, or without a name.
std::optional<StampedEvent> decode(Json line);

// Combines several lambdas into one overloaded function for std::visit.
template <class... Functions>
struct Overloads : Functions... {
  using Functions::operator()...;
};
template <class... Functions>  // clang needs this guide before version 17
Overloads(Functions...)->Overloads<Functions...>;

// The text of docs/events.md.
std::string event_reference();

}  // namespace tlaunch
