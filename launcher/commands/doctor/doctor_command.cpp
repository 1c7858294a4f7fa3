#include "launcher/commands/doctor/doctor_command.h"

#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <span>

#include "base/absolute_path.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "launcher/commands/doctor/report.h"
#include "launcher/narration/results.h"

#ifndef TLAUNCH_VERSION
#error "TLAUNCH_VERSION is set by launcher/CMakeLists.txt"
#endif

namespace tlaunch {
namespace {

std::string default_name(std::time_t now, int number) {
  std::tm local{};
  localtime_r(&now, &local);
  char text[64];
  const std::string name(text, std::strftime(text, sizeof text, "tlaunch-doctor-%Y%m%d-%H%M%S", &local));
  return name + (number > 1 ? "-" + std::to_string(number) : "") + ".tar.gz";
}

[[noreturn]] void refuse_existing(const std::string& path) {
  throw UsageError(format_text("doctor: {} exists already; name another file with --output", path));
}

// Never replaces a file; only the owner may read the new one. Returns false if the file exists already.
bool write_new(const std::string& path, const std::string& bytes) {
  const FileAccess owner_alone{0600, ::geteuid(), ::getegid()};
  try {
    write_file_atomically(
        path, [&](const ByteSink& sink) { sink(std::as_bytes(std::span(bytes))); }, &owner_alone, system_calls(),
        /*may_replace=*/false);
    return true;
  } catch (const IoError& error) {
    if (error.system_error == EEXIST) return false;
    throw;
  }
}

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(path, error));
}

// Returns the path of the new file. The name ends in -2, -3, ... if another doctor took the name in the same second.
std::string write_under_free_name(std::time_t now, const std::string& bytes) {
  constexpr int most_names = 1000;
  for (int number = 1; number <= most_names; ++number) {
    const std::string path = absolute_path(default_name(now, number));
    if (!is_there(path) && write_new(path, bytes)) return path;
  }
  refuse_existing(absolute_path(default_name(now, 1)));
}

std::string run_to_look_at(const std::string& given) {
  if (given.empty()) return newest_run("runs");
  std::error_code error;
  const std::string path = absolute_path(given);
  if (!std::filesystem::is_directory(path, error)) {
    const std::string problem = error ? "cannot be reached: " + error.message() : "is not a folder";
    throw UsageError(format_text("doctor: {} {}; name the folder of a run", path, problem));
  }
  if (!is_run_folder(path))
    throw UsageError(format_text("doctor: {} does not hold a run; name the folder of a run", path));
  return path;
}

}  // namespace

int run_doctor(const DoctorCommand& command) {
  const std::time_t now = std::time(nullptr);
  std::string path = command.output.empty() ? "" : absolute_path(command.output);
  if (!path.empty() && is_there(path)) refuse_existing(path);
  const std::string run = run_to_look_at(command.run_dir);
  const auto files = doctor_files(TLAUNCH_VERSION, run);
  const std::string packed = gzip_of(tar_of(files, now));
  if (path.empty())
    path = write_under_free_name(now, packed);
  else if (!write_new(path, packed))
    refuse_existing(path);
  std::string text = format_text("{}, {}:\n", path, format_bytes(packed.size()));
  for (const ArchiveFile& file : files) text += format_text("  {}  {}\n", file.name, format_bytes(file.content.size()));
  text += run.empty()
              ? "The archive holds no run, because there is none below runs/. To add one: tlaunch doctor RUN_DIR\n"
              : format_text("The run: {}\n", run);
  text += format_text(
      "The archive lists the environment variables by name, without their values. In the config and the logs of a\n"
      "run, the values of variables and keys with names such as TOKEN, SECRET, PASSWORD, AUTH or KEY are hidden.\n"
      "Read the archive before you send it:\n"
      "  tar -xzOf {} | less\n",
      path);
  print_results(text);
  return exit_code::ok;
}

}  // namespace tlaunch
