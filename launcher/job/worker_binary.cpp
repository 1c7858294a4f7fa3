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
#include "launcher/job/cache_file.h"
#include "processes/group/loaded_libtorch.h"
#include "processes/group/loader_error.h"
#include "processes/guard/capture.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr double describe_limit_s = 60;  // LibTorch from a cold network disk takes its time
constexpr std::size_t shown_output_bytes = 2000;

fs::path own_folder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

// Size and CRC32C of the content; nothing where the file cannot be read.
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
    return std::nullopt;  // of another version: made again below, and written over
  }
}

// Its beginning and its end: what is wrong stands in one of them, between them a backtrace.
std::string shortened(const std::string& text) {
  if (text.size() <= shown_output_bytes) return text;
  return text.substr(0, shown_output_bytes / 2) + "\n...\n" + text.substr(text.size() - shown_output_bytes / 2);
}

[[noreturn]] void refuse(const std::string& path, const Captured& answer, const std::string& why) {
  if (const std::string error = loader_error_in(answer.err, path); !error.empty()) {
    const std::string advice = loader_advice(path, error);
    throw UsageError("the dynamic loader cannot start the worker " + path + ": " + error +
                     (advice.empty() ? "" : "\n" + advice));
  }
  throw UsageError("the worker " + path + " cannot describe itself: " + why +
                   (answer.err.empty() ? "" : "\nIts output:\n" + shortened(answer.err)) +
                   "\nlaunch.worker must name a program that answers `describe --json` (docs/command-line.md)");
}

}  // namespace

std::string find_worker(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    const std::string path = absolute_path(name);
    if (is_program(path)) return path;
    std::error_code error;
    const bool there = fs::exists(path, error);
    throw UsageError("launch.worker: " + path +
                     (there   ? " is not executable"
                      : error ? " cannot be reached: " + error.message()
                              : " is not there"));
  }
  const fs::path beside = own_folder() / name;
  if (is_program(beside)) return absolute_path(beside);
  if (const std::string found = find_in_path(name); !found.empty()) return absolute_path(found);
  throw UsageError("launch.worker: there is no program '" + name + "' in " + own_folder().string() +
                   " (beside tlaunch) nor in PATH; give its absolute path, or build it: cmake --build build --target " +
                   name);
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
  if (answer.timed_out) refuse(path, answer, "no answer within 60 s");
  if (answer.exit_code != 0) refuse(path, answer, "exit code " + std::to_string(answer.exit_code));
  try {
    const Json told = Json::parse(answer.out);
    WorkerDescription description = description_from_json(told);
    write_cache_file(describe_cache_path(path), told);
    return description;
  } catch (const std::exception& error) {
    refuse(path, answer, "its answer is no description (" + json_problem(error) + "): " + shortened(answer.out));
  }
}

}  // namespace tlaunch
