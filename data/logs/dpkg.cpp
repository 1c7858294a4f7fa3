// The machine's own package log as sessions: log training that runs on any Debian without a download.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iostream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text.h"
#include "data/builtin.h"
#include "data/byte_region.h"
#include "data/gunzip.h"
#include "data/logs/dpkg_log.h"
#include "data/logs/key_dataset.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t log_limit_bytes = std::size_t{1}
                                        << 30;  // of one log, decompressed; that of a year has a few megabytes

// N for "dpkg.log.N" and "dpkg.log.N.gz", 0 for "dpkg.log", -1 for any other name.
int rotation_of(std::string name) {
  constexpr std::string_view base = "dpkg.log";
  if (name == base) return 0;
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  if (!name.starts_with(std::string(base) + ".")) return -1;
  const char* begin = name.data() + base.size() + 1;
  const char* end = name.data() + name.size();
  int number = 0;
  const auto [stop, error] = std::from_chars(begin, end, number);
  return error == std::errc() && stop == end && number > 0 ? number : -1;
}

// Oldest first.
std::vector<std::string> find_logs(const std::string& root) {
  std::vector<std::pair<int, std::string>> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(root, failed)) {
    const int rotation = rotation_of(entry.path().filename().string());
    if (rotation >= 0) found.emplace_back(-rotation, entry.path().string());
  }
  if (failed)
    throw DataError(format_text(
        "{}: cannot be listed: {}; data.root must be a folder with Debian's package log, dpkg.log (default: /var/log)",
        root, failed.message()));
  if (found.empty()) {
    throw DataError(format_text("{}/dpkg.log: not found; data.root must be a folder with Debian's package log", root));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  for (auto& [rotation, path] : found) paths.push_back(std::move(path));
  return paths;
}

// The log is read, not mapped, because dpkg and logrotate may change it while it is in use.
std::string read_log(const std::string& path) {
  std::string text = read_file(path, log_limit_bytes);
  if (!path.ends_with(".gz")) return text;
  const auto plain = gunzip({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, path, log_limit_bytes);
  return {plain.begin(), plain.end()};
}

}  // namespace

DatasetDescription describe_dpkg() {
  DatasetDescription description;
  description.name = "dpkg";
  description.summary = "Debian's package log (dpkg.log and its rotated files): one session of actions per package";
  description.sample_kind = "keys";
  description.default_root = "/var/log";
  description.options = {val_fraction_option()};
  return description;
}

std::unique_ptr<Dataset> make_dpkg(const DataConfig& data, const Options& model_options) {
  DpkgLog log;
  for (const auto& path : find_logs(data.root)) log.add(read_log(path));
  if (log.malformed_lines() > 0) {
    std::cerr << format_text("dpkg: ignored {} lines in {} that are not lines of a package log\n",
                             log.malformed_lines(), data.root);
  }
  return std::make_unique<KeyDataset>(log.sessions(), static_cast<std::int64_t>(dpkg_keys().size()),
                                      model_options.integer("window"), data.options.real("val_fraction"), std::nullopt,
                                      data.root + "/dpkg.log");
}

}  // namespace tlaunch
