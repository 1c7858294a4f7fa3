#include "launcher/run/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "base/absolute_path.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text.h"
#include "launcher/job/job.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

// The errors of file systems without locks (some network ones). The folder is then used without a lock.
bool locks_unsupported(int error) {
  return error == EBADF || error == EINVAL || error == ENOLCK || error == EOPNOTSUPP || error == ENOSYS;
}

void lock(int fd, const std::string& path, double patience_s, FolderUse use) {
  const int kind = use == FolderUse::alone ? LOCK_EX : LOCK_SH;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience_s);
  while (flock(fd, kind | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (locks_unsupported(errno)) return;
    if (errno != EWOULDBLOCK) throw IoError(format_text("cannot lock {}: {}", path, std::strerror(errno)));
    if (std::chrono::steady_clock::now() >= deadline)
      throw UsageError(
          format_text("{} is in use by another tlaunch; wait until that one has ended, or use another folder", path));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

RunFolder::RunFolder(const std::string& path, double patience_s, FolderUse use) : path_(absolute_path(path)) {
  std::error_code error;
  made_ = fs::create_directories(path_, error);
  if (error) throw IoError(format_text("cannot make the run folder {}: {}", path_, error.message()));
  lock_fd_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_fd_ < 0) throw IoError(format_text("cannot open the run folder {}: {}", path_, std::strerror(errno)));
  try {
    lock(lock_fd_, path_, patience_s, use);
  } catch (...) {
    close(lock_fd_);
    throw;
  }
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)), made_(other.made_), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

RunFolder::~RunFolder() {
  if (lock_fd_ < 0) return;
  if (made_) ::rmdir(path_.c_str());  // fails if the folder is not empty
  close(lock_fd_);
}

std::string RunFolder::place_now() const {
  struct stat ours = {}, there = {};
  const auto is_ours = [&] { return there.st_dev == ours.st_dev && there.st_ino == ours.st_ino; };
  if (::fstat(lock_fd_, &ours) != 0) return path_;
  const bool found = ::stat(path_.c_str(), &there) == 0;
  if (found ? is_ours() : errno != ENOENT && errno != ENOTDIR) return path_;  // or it cannot be found out
  std::error_code error;
  const std::string moved = fs::read_symlink("/proc/self/fd/" + std::to_string(lock_fd_), error).string();
  return !error && ::stat(moved.c_str(), &there) == 0 && is_ours() ? moved : "";
}

bool RunFolder::holds_run() const {
  for (const char* name : {"config.yaml", "events.jsonl", "summary.json"})
    if (holds(name)) return true;
  std::error_code error;
  for (fs::directory_iterator entry(file("checkpoints"), error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".safetensors") return true;
  return false;
}

bool RunFolder::holds_training_run() const {
  if (holds("plan.json")) return true;
  if (!holds("events.jsonl")) return false;
  if (!is_file("events.jsonl")) return true;
  std::ifstream file_of_events(file("events.jsonl"));
  std::string line;
  if (!std::getline(file_of_events, line)) return true;  // the run ended before its first event was on disk
  const Json event = Json::parse(line, nullptr, false);
  return event.is_discarded() ? file_of_events.eof() : event.is_object() && event.contains("event");
}

bool RunFolder::holds_foreign_files() const {
  return (is_file("config.yaml") || is_file("events.jsonl") || is_file("summary.json")) && !holds_training_run();
}

bool RunFolder::is_file(const char* name) const {
  std::error_code error;
  return fs::is_regular_file(file(name), error);
}

bool RunFolder::holds(const char* name) const {
  std::error_code error;
  const bool found = fs::exists(file(name), error);
  if (error) throw IoError(format_text("cannot access {}: {}", file(name), error.message()));
  return found;
}

std::uint64_t RunFolder::log_bytes() const {
  std::uint64_t bytes = 0;
  std::error_code error, gone;
  for (fs::recursive_directory_iterator entry(path_, error), end; !error && entry != end; entry.increment(error)) {
    if (entry.depth() == 0 && entry->path().filename() == "checkpoints")
      entry.disable_recursion_pending();
    else if (entry->is_regular_file(gone))
      if (const auto size = entry->file_size(gone); !gone) bytes += size;
  }
  return bytes;
}

int RunFolder::next_attempt() const {
  int next = 0;
  std::error_code error;
  for (fs::directory_iterator entry(file("logs"), error), end; !error && entry != end; entry.increment(error)) {
    int number = 0;
    if (std::sscanf(entry->path().filename().c_str(), "attempt_%d", &number) == 1 && number >= next) next = number + 1;
  }
  return next;
}

std::string RunFolder::make_log_folder(int attempt) const {
  const std::string folder = file("logs/attempt_" + std::to_string(attempt));
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError(format_text("cannot make {}: {}", folder, error.message()));
  return folder;
}

std::string new_run_path(const std::string& run_root, const std::string& name) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char stamp[64];
  const std::size_t length = std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
  std::snprintf(stamp + length, sizeof stamp - length, "-%04x", std::random_device{}() & 0xffffu);
  return absolute_path(run_root + "/" + name + "/" + stamp);
}

namespace {

// Names made by new_run_path(): "20261129-204151-ab12". They sort by time.
bool is_run_name(const std::string& name) {
  constexpr std::string_view pattern = "dddddddd-dddddd-xxxx";
  const auto fits = [](char kind, char c) {
    const bool digit = c >= '0' && c <= '9';
    return kind == '-' ? c == '-' : digit || (kind == 'x' && c >= 'a' && c <= 'f');
  };
  return std::equal(pattern.begin(), pattern.end(), name.begin(), name.end(), fits);
}

std::string newest_by_name(const fs::path& runs) {
  std::string newest;
  std::error_code error, gone;
  for (fs::directory_iterator entry(runs, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_run_name(name) && name > newest && fs::exists(entry->path() / "events.jsonl", gone)) newest = name;
  }
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
    throw IoError(format_text("cannot find the newest run in {}: {}", runs.string(), error.message()));
  return newest.empty() ? "" : (runs / newest).string();
}

}  // namespace

std::string latest_run_path(const std::string& run_root, const std::string& name) {
  std::error_code error;
  const fs::path runs = absolute_path(run_root + "/" + name), link = runs / "latest";
  if (fs::symlink_status(link, error).type() != fs::file_type::symlink) return newest_by_name(runs);
  const fs::path leads_to = (runs / fs::read_symlink(link, error)).lexically_normal();
  if (leads_to.parent_path() != runs)
    return newest_by_name(runs);  // not a link made by tlaunch: nothing is written there
  const fs::path target = fs::canonical(link, error);
  if (error == std::errc::no_such_file_or_directory) return "";
  if (error) throw IoError(format_text("cannot find the newest run by {}: {}", link.string(), error.message()));
  return target.string();
}

void point_latest_to(const std::string& run_path, FileCalls& calls) {
  const fs::path folder(run_path), link = folder.parent_path() / "latest";
  std::error_code error;
  const auto type = fs::symlink_status(link, error).type();
  if (type != fs::file_type::not_found && type != fs::file_type::symlink)
    throw IoError(format_text("{} is a {}, not a link, and was left alone", link.string(),
                              type == fs::file_type::directory ? "folder" : "file"));
  link_atomically(link.string(), folder.filename().string(), calls);
}

Json plan_json(const Job& job) {
  Json plan = to_json(job.plan);
  plan["placement"] = to_json(job.placement);
  return plan;
}

namespace {

RunConfig as_started(const Job& job) {
  RunConfig config = job.loaded.config;
  // On a machine with GPUs a number would mean ranks on GPUs.
  if (job.world.on_gpu || job.hardware.gpus.empty()) config.launch.nproc = std::to_string(job.world.size);
  std::error_code error;
  const auto run_root = fs::absolute(config.run_root, error);
  if (!error) config.run_root = run_root.lexically_normal().string();
  return config;
}

}  // namespace

RunFiles write_run_files(const Job& job, const RunFolder& folder) {
  RunFiles files{folder.file("config.yaml"), folder.file("plan.json")};
  write_file_atomically(files.config_path, to_yaml(as_started(job), job.worker));
  write_file_atomically(files.plan_path, text_of(plan_json(job), 2) + "\n");
  return files;
}

}  // namespace tlaunch
