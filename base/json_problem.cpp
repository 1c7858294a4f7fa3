#include "base/json_problem.h"

#include "base/json.h"
#include "base/text.h"

namespace tlaunch {

std::string json_problem(const std::exception& error) {
  if (const auto* syntax = dynamic_cast<const Json::parse_error*>(&error))
    return format_text("it is not JSON (byte {})", syntax->byte);
  const std::string text = error.what();  // "[json.exception.out_of_range.403] key 'step' not found"
  const auto end = dynamic_cast<const Json::exception*>(&error) ? text.find("] ") : std::string::npos;
  return end == std::string::npos ? text : text.substr(end + 2);
}

}  // namespace tlaunch
