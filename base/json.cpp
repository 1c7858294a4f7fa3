#include "base/json.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {

Json without_nonfinite(Json value) {
  if (value.is_structured()) {
    for (auto& child : value) child = without_nonfinite(std::move(child));
  } else if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  }
  return value;
}

double number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (value == "Infinity") return std::numeric_limits<double>::infinity();
  if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
  throw DataError(format_text("expected a number, got {}", text_of(value)));
}

std::string text_of(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tlaunch
