#include "launcher/commands/program/program_logs.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/absolute_path.h"
#include "base/error.h"
#include "base/text.h"
#include "launcher/commands/program/program_summary.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr double patience_s = 1;  // the guard of a killed launcher needs a moment to release the folder

bool chooses_any(const StreamChoice& choice) { return choice.of_all != 0 || !choice.by_rank.empty(); }

// "train" of "train.py", "app" of "app/", and the working directory's name of ".".
std::string name_of(const std::string& program) { return fs::path(absolute_path(program)).stem().string(); }

RunFolder open_folder(const std::string& path, FolderUse use) {
  RunFolder folder(path, patience_s, use);
  if (folder.holds_training_run() || !may_replace_summary(folder.file("summary.json")))
    throw UsageError(format_text(
        "{} holds a run already, or a summary.json that tlaunch did not write for a program; choose another {}",
        folder.path(), use == FolderUse::alone ? "--run-dir" : "--log-dir"));
  return folder;
}

}  // namespace

ProgramHome open_program_home(const ProgramCommand& command) {
  ProgramHome home;
  if (!command.run_dir.empty()) {
    home.folder.emplace(open_folder(command.run_dir, FolderUse::alone));
  } else if (!command.log_dir.empty()) {
    home.folder.emplace(open_folder(command.log_dir, FolderUse::beside));
    home.logs = home.folder->path();
    return home;
  } else if (chooses_any(command.redirects) || chooses_any(command.tee)) {
    const std::string path = new_run_path("runs", name_of(command.program));
    home.folder.emplace(open_folder(path, FolderUse::alone));
    say(format_text("tlaunch: logs in {}/logs (to choose another folder, use --log-dir)", home.folder->path()));
  } else {
    return home;
  }
  home.logs = home.folder->file("logs");
  return home;
}

ProgramLogs make_program_logs(const ProgramHome& home) {
  if (home.logs.empty()) return {};
  std::error_code error;
  fs::create_directories(home.logs, error);
  if (error) throw IoError(format_text("cannot make the log folder {}: {}", home.logs, error.message()));
  for (int number = 0;; ++number) {
    const std::string folder = home.logs + "/attempt_" + std::to_string(number);
    if (::mkdir(folder.c_str(), 0777) == 0) return {folder};
    if (errno != EEXIST) throw IoError(format_text("cannot make the log folder {}: {}", folder, std::strerror(errno)));
  }
}

}  // namespace tlaunch
