#include "launcher/commands/program/program_summary.h"

#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "launcher/run/summary.h"
#include "processes/group/failure.h"

namespace tlaunch {

Json program_summary(const GroupResult& result, double wall_s, const std::string& log_folder) {
  const bool stopped = result.interrupted_by != 0 && result.exit_code != exit_code::ok;
  const char* status = result.failure ? "failed" : stopped ? "interrupted" : "completed";
  Json json = {{"status", status}, {"exit_code", result.exit_code}, {"wall_s", wall_s}, {"logs", log_folder}};
  if (!result.incomplete_logs.empty()) json["lost"] = result.incomplete_logs;
  if (result.failure || stopped) json["reason"] = result.failure ? result.failure->cause : stopped_by(result);
  if (result.failure) json["failure"] = to_json(*result.failure);
  return json;
}

bool may_replace_summary(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return true;
  try {
    const Json json = Json::parse(read_file(path, small_file_bytes), nullptr, false);
    return json.is_object() && json.contains("status") && json.contains("logs") && !json.contains("run_dir");
  } catch (const Error&) {  // unreadable, or too large for a summary
    return false;
  }
}

}  // namespace tlaunch
