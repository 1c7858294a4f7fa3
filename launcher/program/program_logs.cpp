#include "launcher/program/program_logs.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/absolute_path.h"
#include "core/error.h"
#include "launcher/run/run_folder.h"
#include "launcher/terminal/say.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

bool chooses_any(const StreamChoice& choice) { return choice.of_all != 0 || !choice.by_rank.empty(); }

std::string make_attempt_folder(const std::string& parent) {
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) throw IoError("cannot make the log folder " + parent + ": " + error.message());
  for (int number = 0;; ++number) {
    const std::string folder = parent + "/attempt_" + std::to_string(number);
    if (::mkdir(folder.c_str(), 0777) == 0) return folder;
    if (errno != EEXIST) throw IoError("cannot make the log folder " + folder + ": " + std::strerror(errno));
  }
}

}  // namespace

ProgramLogs make_program_logs(const ProgramCommand& command) {
  if (!command.run_dir.empty()) {
    const std::string home = absolute_path(command.run_dir);
    return {home, make_attempt_folder(home + "/logs")};
  }
  if (!command.log_dir.empty()) {
    const std::string home = absolute_path(command.log_dir);
    return {home, make_attempt_folder(home)};
  }
  if (!chooses_any(command.redirects) && !chooses_any(command.tee)) return {};
  const std::string home = new_run_path("runs", fs::path(command.program).stem().string());
  say("tlaunch: logs in " + home + "/logs (--log-dir names another folder)");
  return {home, make_attempt_folder(home + "/logs")};
}

}  // namespace tlaunch
