#include "launcher/commands/doctor/doctor_command.h"

#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <span>

#include "base/absolute_path.h"
#include "base/atomic_file.h"
#include "base/error.h"
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
  throw UsageError("doctor: " + path + " is there already; name another file with --output");
}

// Never over a file, and for its owner alone. False: the file is there already.
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

// Where it was written: under a name with -2, -3, ... where another doctor of this second was first.
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
  if (!std::filesystem::is_directory(path, error))
    throw UsageError("doctor: " + path + (error ? " cannot be reached: " + error.message() : " is no folder"));
  if (!is_run_folder(path)) throw UsageError("doctor: " + path + " holds no run");
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
  std::string text = path + ", " + format_bytes(packed.size()) + ":\n";
  for (const ArchiveFile& file : files) text += "  " + file.name + "  " + format_bytes(file.content.size()) + "\n";
  text += run.empty() ? "No run is in it: none was found below runs/; name one: tlaunch doctor RUN_DIR\n"
                      : "The run: " + run + "\n";
  text +=
      "Environment variables are named, without their values. What the config and the logs say is in it, but for\n"
      "the values of variables and keys that are called TOKEN, SECRET, PASSWORD, AUTH, KEY or the like.\n"
      "Look before you send it:\n"
      "  tar -xzOf " +
      path + " | less\n";
  print_results(text);
  return exit_code::ok;
}

}  // namespace tlaunch
