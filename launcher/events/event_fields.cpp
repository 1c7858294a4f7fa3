#include "launcher/events/event_fields.h"

#include "core/error.h"

namespace tlaunch {

std::int64_t event_integer(const Json& event, const char* key, std::int64_t fallback) {
  const auto found = event.find(key);
  return found != event.end() && found->is_number() ? found->get<std::int64_t>() : fallback;
}

double event_real(const Json& event, const char* key, double fallback) {
  const auto found = event.find(key);
  if (found == event.end()) return fallback;
  try {
    return number_of(*found);
  } catch (const DataError&) {
    return fallback;
  }
}

std::string event_text(const Json& event, const char* key, const std::string& fallback) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? found->get<std::string>() : fallback;
}

}  // namespace tlaunch
