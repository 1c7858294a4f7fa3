#include "launcher/program/program_summary.h"

#include "core/error.h"
#include "launcher/group/failure.h"

namespace tlaunch {

Json program_summary(const GroupResult& result, double wall_s, const std::string& log_folder) {
  const char* status = result.exit_code == exit_code::ok ? "completed" : result.failure ? "failed" : "interrupted";
  Json json = {{"status", status}, {"exit_code", result.exit_code}, {"wall_s", wall_s}, {"logs", log_folder}};
  if (!result.incomplete_logs.empty()) json["lost"] = result.incomplete_logs;
  if (!result.failure) return json;
  json["failure"] = to_json(*result.failure);
  if (result.failure->message.empty() && !result.failure->last_lines.empty())
    json["failure"]["message"] = result.failure->last_lines.back();
  return json;
}

}  // namespace tlaunch
