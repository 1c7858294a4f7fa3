#include "checkpoint/folder/written_files.h"

#include <filesystem>
#include <span>
#include <sstream>

#include "base/absolute_path.h"
#include "base/atomic_file.h"
#include "base/crc32c.h"
#include "base/error.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr const char* done_mark = "done/";  // no name has a slash
constexpr const char* sum_mark = "crc32c/";
constexpr std::size_t list_limit_bytes = std::size_t{1} << 28;

std::string sum_line(const std::string& lines) {
  return sum_mark + crc32c_text(crc32c(std::as_bytes(std::span(lines)))) + "\n";
}

bool is_whole(const std::string& text) {
  const auto sum = text.rfind(sum_mark);
  if (sum != std::string::npos) return text.substr(sum) == sum_line(text.substr(0, sum));
  return !text.empty() && text.find('/') == std::string::npos;  // an earlier version wrote names only
}

}  // namespace

WrittenFiles::WrittenFiles(const std::string& run_dir, const std::string& checkpoint_dir)
    : list_(run_dir.empty() ? "" : run_dir + "/checkpoints.txt") {
  if (list_.empty()) return;
  const fs::path folder = absolute_path(checkpoint_dir);
  std::string text;
  try {
    text = read_file(list_, list_limit_bytes);
  } catch (const UsageError&) {  // there is no list
    return;
  }
  damaged_ = !is_whole(text);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool done = line.starts_with(done_mark);
    const std::string name = done ? line.substr(std::string(done_mark).size()) : line;
    if (name.empty() || name.find('/') != std::string::npos) continue;
    own_.insert((folder / name).string());
    if (done) done_.insert((folder / name).string());
  }
}

std::vector<std::string> WrittenFiles::lost() const {
  std::vector<std::string> lost;
  std::error_code error;
  for (const std::string& path : done_)
    if (fs::symlink_status(path, error).type() == fs::file_type::not_found) lost.push_back(path);
  return lost;
}

void WrittenFiles::begin(const std::string& path) {
  if (own_.insert(path).second) store();
}

void WrittenFiles::finish(const std::string& path) {
  own_.insert(path);
  done_.insert(path);
  store();
}

void WrittenFiles::forget(const std::vector<std::string>& deleted) {
  for (const std::string& path : deleted) {
    own_.erase(path);
    done_.erase(path);
  }
  if (!deleted.empty()) store();
}

void WrittenFiles::store() const {
  if (list_.empty()) return;
  std::string text;
  for (const std::string& path : own_)
    text += (done_.contains(path) ? done_mark : "") + fs::path(path).filename().string() + "\n";
  write_file_atomically(list_, text + sum_line(text));
}

}  // namespace tlaunch
