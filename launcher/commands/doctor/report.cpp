#include "launcher/commands/doctor/report.h"

#include <fcntl.h>
#include <gnu/libc-version.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>

#include "base/descriptor.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config_loader.h"
#include "hardware/profile.h"
#include "launcher/commands/doctor/redact.h"
#include "launcher/job/job.h"
#include "launcher/job/worker_binary.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t most_file_bytes = 1'000'000, most_log_bytes = 20'000'000;
constexpr int most_listed = 5000, most_logs = 300;

// Files of a run's folder, in the order in which people read them.
constexpr const char* run_files[] = {"summary.json", "config.yaml", "plan.json", "events.jsonl", "metrics.csv"};

std::time_t modified(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mtime : 0;
}

std::string stamp(std::time_t time) {
  std::tm local{};
  localtime_r(&time, &local);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local)};
}

// The folders directly below `path`. Links such as `latest` are left out.
std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> found;
  std::error_code error, gone;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
    if (fs::is_directory(entry->symlink_status(gone)) && !gone) found.push_back(entry->path().string());
  return found;
}

std::time_t last_written(const std::string& run) {
  std::time_t latest = 0;
  for (const char* name : run_files) latest = std::max(latest, modified(run + "/" + name));
  return latest;
}

// Whether a link leads from that file of the run to a place outside the run. False if this cannot be found out: opening
// the file then reports why.
bool leads_out(const std::string& run, const std::string& path) {
  std::error_code error;
  const fs::path folder = fs::canonical(run, error), file = fs::canonical(path, error);
  if (error) return false;
  const auto [end, same] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end != folder.end();
}

class Collector {
 public:
  Collector() {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry, name = text.substr(0, text.find('='));
      names_.push_back(name);
      if (names_secret(name)) hidden_.values[name] = text.substr(std::min(text.size(), name.size() + 1));
    }
    std::sort(names_.begin(), names_.end());
    hidden_.home = environment_value("HOME").value_or("");
  }

  void add(const std::string& name, const std::string& content) {
    files_.push_back({"tlaunch-doctor/" + name, redacted(content, hidden_)});
  }
  // Adds the file that `make` returns, or a note why there is none.
  void add_made(const std::string& name, const std::function<std::string()>& make) {
    try {
      add(name, make());
    } catch (const std::exception& error) {
      note(format_text("{} is missing: {}", name, error.what()));
    }
  }
  void note(const std::string& text) { notes_ += text + "\n"; }

  void add_run(const std::string& run) {
    for (const char* name : run_files)
      add_made(std::string("run/") + name, [&] {
        refuse_outside(run, run + "/" + name);
        return bounded_content(run + "/" + name, most_file_bytes);
      });
    add_made("run/files.txt", [&] { return listing(run); });
    add_logs(run);
  }

  std::vector<ArchiveFile> finish() {
    std::string names;
    for (const std::string& name : names_) names += name + "\n";
    add("environment_names.txt", names);
    add("notes.txt", notes_.empty() ? "nothing is missing\n" : notes_);
    return std::move(files_);
  }

 private:
  static std::string outside_text(const std::string& path) {
    return format_text("{} is a link that leads out of the run's folder; it is not followed", path);
  }
  static void refuse_outside(const std::string& run, const std::string& path) {
    if (leads_out(run, path)) throw IoError(outside_text(path));
  }

  // Every file of a run with its size. Nothing else about checkpoints goes into the archive.
  std::string listing(const std::string& run) {
    std::string text;
    int count = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(run, fs::directory_options::skip_permission_denied, error), end;
         !error && entry != end; entry.increment(error)) {
      if (++count > most_listed) return text + "... and more\n";
      std::error_code gone;
      const bool plain = fs::is_regular_file(entry->symlink_status(gone));
      const std::string size = plain ? std::to_string(entry->file_size(gone)) : "-";
      text += format_text("{}  {}  {}\n", stamp(modified(entry->path())), size,
                          entry->path().string().substr(run.size() + 1));
    }
    if (error) note(format_text("files.txt lists only some of the run's files: {}", error.message()));
    return text;
  }

  // Adds the newest logs first, until the limits are reached. Crash records and stacks are in the same folders.
  void add_logs(const std::string& run) {
    if (leads_out(run, run + "/logs")) return note("logs are missing: " + outside_text(run + "/logs"));
    std::vector<std::string> paths;
    std::error_code error, gone;
    fs::recursive_directory_iterator entry(run + "/logs", error);
    for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error))
      if (fs::is_regular_file(entry->symlink_status(gone))) paths.push_back(entry->path().string());
    if (error) note(format_text("logs are missing: {}/logs: {}", run, error.message()));
    std::stable_sort(paths.begin(), paths.end(),
                     [](const auto& a, const auto& b) { return modified(a) > modified(b); });
    std::uint64_t bytes = 0;
    std::size_t taken = 0;
    for (; taken < std::min<std::size_t>(paths.size(), most_logs) && bytes < most_log_bytes; ++taken) {
      add_made("run/" + paths[taken].substr(run.size() + 1), [&] {
        const std::string content = bounded_content(paths[taken], most_file_bytes);
        bytes += content.size();
        return content;
      });
    }
    if (taken < paths.size()) note(format_text("{} older log files are left out", paths.size() - taken));
  }

  std::vector<std::string> names_;
  Hidden hidden_;
  std::vector<ArchiveFile> files_;
  std::string notes_;
};

// The value of PRETTY_NAME in os-release: "Debian GNU/Linux 12 (bookworm)".
std::string system_name() {
  try {
    const std::string text = bounded_content("/etc/os-release", 10'000);
    const std::string key = "PRETTY_NAME=\"";
    const auto at = text.find(key);
    if (at == std::string::npos) return "unknown";
    const auto begin = at + key.size();
    return text.substr(begin, text.find('"', begin) - begin);
  } catch (const Error&) {
    return "unknown";
  }
}

std::string versions(const std::string& version, const HardwareProfile& hardware) {
  utsname system{};
  ::uname(&system);
  std::string text = format_text(
      "tlaunch {}\nsystem: {}\nkernel: {} {} {} {}\nglibc: {}\nNVIDIA driver according to its library (NVML): {}\n",
      version, system_name(), system.sysname, system.release, system.version, system.machine, ::gnu_get_libc_version(),
      hardware.driver_version.empty() ? "none" : hardware.driver_version);
  try {
    text += "NVIDIA driver according to the kernel: " + bounded_content("/proc/driver/nvidia/version", 10'000);
  } catch (const Error&) {
    text += "NVIDIA driver according to the kernel: none\n";
  }
  return text;
}

// The worker that the run's config names, else the default one.
std::string worker_name(const std::string& run_dir) {
  if (run_dir.empty() || leads_out(run_dir, run_dir + "/config.yaml")) return LaunchConfig{}.worker;
  try {
    return worker_of({run_dir + "/config.yaml", {}, environment_value});
  } catch (const std::exception&) {
    return LaunchConfig{}.worker;
  }
}

std::string worker_text(const std::string& run_dir) {
  const std::string path = find_worker(worker_name(run_dir));
  const WorkerDescription worker = describe_worker_anew(path);
  std::string text = format_text("{}\nLibTorch {}, CUDA {}\nbuilt for:", path, worker.torch_version,
                                 worker.cuda_version.empty() ? "none" : worker.cuda_version);
  for (const std::string& architecture : worker.cuda_architectures) text += " " + architecture;
  text += "\nmodels:";
  for (const ModelDescription& model : worker.models) text += " " + model.name;
  text += "\ndata sets:";
  for (const DatasetDescription& dataset : worker.datasets) text += " " + dataset.name;
  return text + "\n";
}

}  // namespace

bool is_run_folder(const std::string& path) {
  const auto holds = [&](const char* name) {
    std::error_code error;  // a folder that cannot be read counts: the report then says why
    return fs::exists(path + "/" + name, error) || error;
  };
  return std::any_of(std::begin(run_files), std::end(run_files), holds) || holds("logs");
}

std::string newest_run(const std::string& root) {
  std::string newest;
  std::time_t time = 0;
  const auto look_at = [&](const std::string& path) {
    if (const std::time_t written = last_written(path); written > time) {
      newest = path;
      time = written;
    }
  };
  for (const std::string& folder : folders_in(root)) {
    look_at(folder);
    for (const std::string& run : folders_in(folder)) look_at(run);
  }
  return newest;
}

std::string bounded_content(const std::string& path, std::uint64_t most_bytes) {
  const auto refuse = [&](int error) -> std::string {
    throw IoError(format_text("cannot read {}: {}", path, std::strerror(error)), error);
  };
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return refuse(errno);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return refuse(errno);
  if (!S_ISREG(status.st_mode)) throw IoError(format_text("cannot read {}: it is not a regular file", path));
  // A file of /proc has no size.
  const auto read_at = [&](std::uint64_t offset, std::uint64_t bytes) {
    std::string text(bytes, '\0');
    std::size_t done = 0;
    while (done < bytes) {
      const ssize_t n = ::pread(file.get(), text.data() + done, bytes - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) refuse(errno);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    text.resize(done);
    return text;
  };
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size <= most_bytes) return read_at(0, most_bytes);
  const std::uint64_t half = most_bytes / 2;
  return format_text("{}\n... {} bytes are left out here ...\n{}", read_at(0, half), size - 2 * half,
                     read_at(size - half, half));
}

std::vector<ArchiveFile> doctor_files(const std::string& version, const std::string& run_dir) {
  Collector all;
  HardwareProfile hardware;
  all.add_made("probe.json", [&] {
    hardware = probe(run_dir.empty() ? "." : run_dir);
    return text_of(to_json(hardware), 2) + "\n";
  });
  all.add_made("versions.txt", [&] { return versions(version, hardware); });
  all.add_made("worker.txt", [&] { return worker_text(run_dir); });
  all.add_made("limits.txt", [] { return bounded_content("/proc/self/limits", 10'000); });
  if (run_dir.empty())
    all.note("a run is missing: there is none below runs/, and no RUN_DIR was given");
  else
    all.add_run(run_dir);
  return all.finish();
}

}  // namespace tlaunch
