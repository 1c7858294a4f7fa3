// Events to JSON and back. Reading is lenient, as a worker may be of another version or a user's own: a field that is
// missing or of another type keeps its default, unknown fields are passed over, unknown events are OtherEvents. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contract/events.h"

namespace tlaunch {

// An event as it arrives.
struct StampedEvent {
  double t_s = 0;  // Unix time
  int rank = -1;   // -1: not told
  Event event;
  Json line = Json::object();  // all of it, with what this version does not know: for events.jsonl
};

std::string name_of(const Event& event);
Writer writer_of(const Event& event);
WhenFull when_full(const Event& event);
Json fields_of(const Event& event);  // an object; a number that is not finite is a text, as in base/json.h

// Nothing where it is no event: no object, or without a name.
std::optional<StampedEvent> decode(Json line);

// The functions of several lambdas as one, for std::visit.
template <class... Functions>
struct Overloads : Functions... {
  using Functions::operator()...;
};
template <class... Functions>  // clang needs this guide before version 17
Overloads(Functions...)->Overloads<Functions...>;

// docs/events.md.
std::string event_reference();

}  // namespace tlaunch
