#include "hardware/disk.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>

namespace tlaunch {
namespace {

// mountinfo writes blanks and backslashes as three octal digits: "\\040".
std::string unescaped(const std::string& text) {
  const auto octal = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || !octal(i + 1) || !octal(i + 2) || !octal(i + 3)) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return plain;
}

bool lies_in(const std::string& path, const std::string& folder) {
  return folder == "/" || path == folder || path.starts_with(folder + "/");
}

}  // namespace

DiskInfo disk_info(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path path = fs::absolute(folder.empty() ? "." : folder, ignored).lexically_normal();
  while (!fs::is_directory(path, ignored) && path.has_relative_path()) path = path.parent_path();
  std::string text = path.string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();

  DiskInfo disk{text, std::nullopt};
  struct statvfs stat = {};
  // f_bavail, not f_bfree: a run cannot use the blocks that are reserved for root.
  if (statvfs(text.c_str(), &stat) == 0) disk.free_bytes = std::uint64_t{stat.f_bavail} * stat.f_frsize;
  return disk;
}

std::optional<std::uint64_t> bytes_below(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int most_entries = 200'000;
  std::error_code error, gone;
  if (fs::is_regular_file(path, error)) {
    const auto size = fs::file_size(path, error);
    return error ? std::nullopt : std::optional<std::uint64_t>(size);
  }
  std::uint64_t bytes = 0;
  int entries = 0;
  fs::recursive_directory_iterator entry(path, fs::directory_options::skip_permission_denied, error);
  if (error) return std::nullopt;
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    if (++entries > most_entries) return std::nullopt;
    if (!entry->is_regular_file(gone) || entry->is_symlink(gone)) continue;
    if (const auto size = entry->file_size(gone); !gone) bytes += size;
  }
  return bytes;
}

std::string file_system_type(const FileReader& read, const std::string& path) {
  std::string deepest, type;
  // "ID PARENT DEVICE ROOT POINT OPTIONS [TAGS] - TYPE SOURCE SUPER_OPTIONS"
  for (const std::string& line : split_lines(read("/proc/self/mountinfo").value_or(""))) {
    const std::vector<std::string> words = split_words(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (dash - words.begin() < 5 || words.end() - dash < 2) continue;
    const std::string point = unescaped(words[4]);
    // If several file systems are mounted in one place, the last one covers the others.
    if (!lies_in(path, point) || point.size() < deepest.size()) continue;
    deepest = point;
    const bool windows = dash[1] == "9p" && words.end() - dash > 3 && dash[3].find("aname=drvfs") != std::string::npos;
    type = windows ? "drvfs" : dash[1];
  }
  return type;
}

}  // namespace tlaunch
