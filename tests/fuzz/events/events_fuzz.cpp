// Any line is an event or none; what was read, written again and read again is the same.
#include <stdlib.h>

#include <cstdint>

#include "contract/event_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tlaunch;
  const auto event = decode(Json::parse(data, data + size, nullptr, false));
  if (!event) return 0;
  Json line = {{"t", event->t_s}, {"event", name_of(event->event)}, {"rank", event->rank}};
  const Json fields = fields_of(event->event);
  for (const auto& [key, value] : fields.items()) line[key] = value;
  const auto again = decode(line);
  if (!again || again->event.index() != event->event.index() || fields_of(again->event) != fields) ::abort();
  return 0;
}
