#include "launcher/job/worker_binary.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "base/absolute_path.h"
#include "base/cache_folder.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/json_problem.h"
#include "base/path_lookup.h"
#include "base/text.h"
#include "launcher/job/cache_file.h"
#include "processes/group/loaded_libtorch.h"
#include "processes/group/loader_error.h"
#include "processes/guard/capture.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr double describe_limit_s = 60;  // loading LibTorch from a cold network disk is slow
constexpr std::size_t shown_output_bytes = 2000;

fs::path own_folder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

// Size and CRC32C of the content; nothing if the file cannot be read.
std::optional<std::string> content_hash(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  struct stat info = {};
  std::optional<std::string> hash;
  if (fstat(fd, &info) == 0 && info.st_size > 0) {
    const auto size = static_cast<std::size_t>(info.st_size);
    void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data != MAP_FAILED) {
      hash = content_name({static_cast<const std::byte*>(data), size});
      munmap(data, size);
    }
  }
  close(fd);
  return hash;
}

std::optional<WorkerDescription> read_cache(const std::string& path) {
  const auto kept = read_cache_file(path);
  try {
    return kept ? std::optional(description_from_json(*kept)) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;  // of another version: the worker is asked again and the file is overwritten
  }
}

// The beginning and the end: the error is in one of them, between them there is only a backtrace.
std::string shortened(const std::string& text) {
  if (text.size() <= shown_output_bytes) return text;
  return text.substr(0, shown_output_bytes / 2) + "\n...\n" + text.substr(text.size() - shown_output_bytes / 2);
}

[[noreturn]] void refuse(const std::string& path, const Captured& answer, const std::string& why) {
  if (const std::string error = loader_error_in(answer.err, path); !error.empty()) {
    const std::string advice = loader_advice(path, error);
    throw UsageError(format_text("the dynamic loader cannot start the worker {}: {}{}", path, error,
                                 advice.empty() ? "" : "\n" + advice));
  }
  throw UsageError(format_text(
      "the worker {} cannot describe itself: {}{}\nlaunch.worker must name a program that answers `describe --json` "
      "(docs/command-line.md)",
      path, why, answer.err.empty() ? "" : "\nIts output:\n" + shortened(answer.err)));
}

}  // namespace

std::string find_worker(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    const std::string path = absolute_path(name);
    if (is_program(path)) return path;
    std::error_code error;
    const bool there = fs::exists(path, error);
    throw UsageError(format_text("launch.worker: {} {}", path,
                                 there   ? "is not executable"
                                 : error ? "cannot be reached: " + error.message()
                                         : "does not exist"));
  }
  const fs::path beside = own_folder() / name;
  if (is_program(beside)) return absolute_path(beside);
  if (const std::string found = find_in_path(name); !found.empty()) return absolute_path(found);
  throw UsageError(format_text(
      "launch.worker: program {} was not found in {} (the folder of tlaunch) or in PATH; give its absolute path, or "
      "build it: cmake --build build --target {}",
      quoted(name), own_folder().string(), name));
}

std::string describe_cache_path(const std::string& worker_path) {
  const std::string folder = cache_folder();
  const auto hash = content_hash(worker_path);
  return hash && !folder.empty() ? folder + "/describe-" + *hash + ".json" : "";
}

WorkerDescription describe_worker(const std::string& path) {
  if (auto cached = read_cache(describe_cache_path(path))) return *cached;
  return describe_worker_anew(path);
}

WorkerDescription describe_worker_anew(const std::string& path) {
  const Captured answer =
      run_captured({path, "describe", "--json"}, describe_limit_s, "asking " + path + " what it can do");
  if (answer.timed_out) refuse(path, answer, format_text("no answer within {:.0f} s", describe_limit_s));
  if (answer.exit_code != 0) refuse(path, answer, format_text("exit code {}", answer.exit_code));
  try {
    const Json json = Json::parse(answer.out);
    WorkerDescription description = description_from_json(json);
    write_cache_file(describe_cache_path(path), json);
    return description;
  } catch (const std::exception& error) {
    refuse(path, answer,
           format_text("its answer is not a description ({}): {}", json_problem(error), shortened(answer.out)));
  }
}

}  // namespace tlaunch
