// Any text as a time, a size, a rate, a number of samples or a list is either a number that can be computed with or a UsageError.
#include <stdlib.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/quantity.h"

namespace {

void require(bool holds) {
  if (!holds) ::abort();
}

bool is_positive(double value) { return std::isfinite(value) && value > 0; }
void require_range(const tlaunch::Range& range) {
  require(is_positive(range.low) && std::isfinite(range.high) && range.low <= range.high);
}

void unless_refused(const std::function<void()>& parse) {
  try {
    parse();
  } catch (const tlaunch::UsageError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tlaunch;
  const std::string text(reinterpret_cast<const char*>(data), size);
  unless_refused([&] { require(is_positive(parse_duration_s("x", text))); });
  unless_refused([&] { require_range(parse_duration_range_s("x", text)); });
  unless_refused([&] { parse_bytes("x", text); });
  unless_refused([&] { require_range(parse_rate("x", text).per_s); });
  unless_refused([&] { require(is_positive(parse_samples("x", text))); });
  unless_refused([&] { require(!parse_list("x", text).empty()); });
  unless_refused([&] {
    for (const std::int64_t epochs : parse_epochs("x", text, 1000)) require(epochs >= 1 && epochs <= 1000);
  });
  return 0;
}
