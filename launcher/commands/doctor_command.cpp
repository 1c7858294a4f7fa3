#include "launcher/commands/doctor_command.h"

#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <span>

#include "core/absolute_path.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/units.h"
#include "launcher/doctor/report.h"
#include "launcher/terminal/results.h"

#ifndef TLAUNCH_VERSION
#error "TLAUNCH_VERSION is set by launcher/CMakeLists.txt"
#endif

namespace tlaunch {
namespace {

std::string default_name(std::time_t now) {
  std::tm local{};
  localtime_r(&now, &local);
  char text[64];
  return {text, std::strftime(text, sizeof text, "tlaunch-doctor-%Y%m%d-%H%M%S.tar.gz", &local)};
}

[[noreturn]] void refuse_existing(const std::string& path) {
  throw UsageError("doctor: " + path + " is there already; name another file with --output");
}

// Never over a file, and for its owner alone.
void write_new(const std::string& path, const std::string& bytes) {
  const FileAccess owner_alone{0600, ::geteuid(), ::getegid()};
  try {
    write_file_atomically(
        path, [&](const ByteSink& sink) { sink(std::as_bytes(std::span(bytes))); }, &owner_alone, system_calls(),
        /*may_replace=*/false);
  } catch (const IoError& error) {
    if (error.system_error == EEXIST) refuse_existing(path);
    throw;
  }
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
  const std::string path = absolute_path(command.output.empty() ? default_name(now) : command.output);
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) refuse_existing(path);
  const std::string run = run_to_look_at(command.run_dir);
  const auto files = doctor_files(TLAUNCH_VERSION, run);
  const std::string packed = gzip_of(tar_of(files, now));
  write_new(path, packed);
  std::string text = path + ", " + format_bytes(packed.size()) + ":\n";
  for (const ArchiveFile& file : files) text += "  " + file.name + "  " + format_bytes(file.content.size()) + "\n";
  text += run.empty() ? "No run is in it: none was found below runs/; name one: tlaunch doctor RUN_DIR\n"
                      : "The run: " + run + "\n";
  text += "Environment variables are named, without their values. What the config and the logs say is in it, but for\n"
          "the values of variables and keys that are called TOKEN, SECRET, PASSWORD, KEY. Look before you send it:\n"
          "  tar -xzOf " + path + " | less\n";
  print_results(text);
  return exit_code::ok;
}

}  // namespace tlaunch
