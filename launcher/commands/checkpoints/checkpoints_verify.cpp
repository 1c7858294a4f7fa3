#include <cstdio>
#include <filesystem>

#include "base/absolute_path.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/units.h"
#include "checkpoint/safetensors/safetensors.h"
#include "launcher/commands/checkpoints/checkpoint_place.h"
#include "launcher/commands/checkpoints/checkpoints_command.h"
#include "launcher/narration/results.h"
#include "processes/output/clean_text.h"
#include "processes/output/terminal.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

// Shows how much of a large file has been read: on a terminal in one line that is overwritten, elsewhere in a line
// every few seconds.
class ReadingProgress {
 public:
  ReadingProgress() : terminal_(stderr_terminal()), last_s_(unix_time_s()) {}
  ~ReadingProgress() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }
  ReadingProgress(const ReadingProgress&) = delete;
  ReadingProgress& operator=(const ReadingProgress&) = delete;

  void show(const std::string& name, std::uint64_t done, std::uint64_t of) {
    const double now_s = unix_time_s();
    if (now_s - last_s_ < (terminal_.is_terminal ? terminal_interval_s : plain_interval_s)) return;
    last_s_ = now_s;
    const std::string text = format_text("reading {}: {} of {}", name, format_bytes(done), format_bytes(of));
    std::fprintf(
        stderr, terminal_.is_terminal ? "\r\x1b[K%s" : "%s\n",
        text.substr(0, terminal_.is_terminal ? static_cast<std::size_t>(terminal_.columns) - 1 : text.size()).c_str());
    shown_ = terminal_.is_terminal;
  }

 private:
  static constexpr double terminal_interval_s = 0.2, plain_interval_s = 8;
  Terminal terminal_;
  double last_s_;
  bool shown_ = false;
};

struct Verdict {
  std::string path, problem;  // problem "": valid
  std::uint64_t bytes = 0;
  bool checksums = true;
  int exit_code = exit_code::ok;
};

Verdict verdict_of(const std::string& path) {
  Verdict verdict{.path = path, .problem = ""};
  ReadingProgress progress;
  std::error_code error;
  if (const auto size = fs::file_size(path, error); !error) verdict.bytes = size;
  try {
    const SafetensorsFile file(path);
    const std::string name = clean_text(fs::path(path).filename().string());
    verdict.checksums = file.has_checksums();
    file.verify([&](std::uint64_t done) { progress.show(name, done, file.bytes()); });
  } catch (const Error& problem) {
    const std::string what = problem.what(), prefix = path + ": ";
    verdict.problem = clean_text(what.starts_with(prefix) ? what.substr(prefix.size()) : what);
    const bool unreadable = problem.code() == exit_code::io;  // the content may be valid all the same
    verdict.exit_code = unreadable ? exit_code::io : exit_code::bad_data;
  }
  return verdict;
}

std::string described(const Verdict& verdict) {
  const std::string size = format_bytes(verdict.bytes);
  if (!verdict.problem.empty()) return verdict.problem;
  if (verdict.checksums) return "ok, " + size;
  return format_text(
      "readable, {}; it has no checksums to compare (tlaunch did not write it), so damage to its numbers would not "
      "show",
      size);
}

std::vector<std::string> files_of(const std::string& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return {absolute_path(path)};
  const CheckpointPlace place = find_checkpoints(path, {});
  std::vector<std::string> files;
  for (const CheckpointInfo& each : list_checkpoints(place.folder)) files.push_back(each.path);
  if (files.empty()) std::fprintf(stderr, "no checkpoints in %s\n", place.folder.c_str());
  return files;
}

}  // namespace

int verify_command(const CheckpointsCommand& command) {
  Json all = Json::array();
  std::int64_t intact = 0, wrong = 0;
  int code = exit_code::ok;  // a damaged file decides the code before one that could not be read
  for (const std::string& path : files_of(command.path)) {
    const Verdict verdict = verdict_of(path);
    std::error_code error;
    if (!verdict.problem.empty() && !fs::exists(path, error)) continue;  // replaced or deleted meanwhile
    if (code != exit_code::bad_data && verdict.exit_code != exit_code::ok) code = verdict.exit_code;
    if (command.json) {
      all.push_back({{"path", path},
                     {"bytes", verdict.bytes},
                     {"ok", verdict.problem.empty()},
                     {"checksums", verdict.checksums},
                     {"problem", verdict.problem}});
      continue;
    }
    const std::string name = clean_text(fs::path(path).filename().string());
    print_results(format_text("{}: {}\n", name, described(verdict)));
    ++(verdict.problem.empty() ? intact : wrong);
  }
  if (command.json) return print_results(text_of(all, 2) + "\n", code);
  if (wrong > 0 && intact + wrong > 1)
    print_results(format_text("{} of {} files cannot be used\n", wrong, intact + wrong));
  return code;
}

}  // namespace tlaunch
