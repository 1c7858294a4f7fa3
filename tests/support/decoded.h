// An event from its JSON, as a worker would have written it.
#pragma once

#include "contract/event_codec.h"

namespace tlaunch::test {

inline StampedEvent decoded(Json line) { return decode(std::move(line)).value(); }

}  // namespace tlaunch::test
