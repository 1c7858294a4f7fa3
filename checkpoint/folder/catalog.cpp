#include "checkpoint/folder/catalog.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <tuple>

#include "base/absolute_path.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "checkpoint/safetensors/safetensors.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

std::int64_t count_of(const Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  if (found == metadata.end())
    throw DataError(format_text("its metadata has no {}: this is not a checkpoint of tlaunch", key));
  const std::string& text = found->second;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    throw DataError(format_text("{} in its metadata is not a count", key));
  return value;
}

std::map<std::string, double> metrics_of(const Metadata& metadata) {
  const auto found = metadata.find(metrics_key);
  if (found == metadata.end()) return {};
  // Accepts only numbers by name and nothing nested, so that a hostile text is refused before it costs memory.
  const auto flat = [](int depth, Json::parse_event_t event, Json&) {
    const bool opens = event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth > 0) throw DataError(format_text("{} in its metadata is not an object of numbers", metrics_key));
    return true;
  };
  const Json json = Json::parse(found->second, flat, false);
  if (!json.is_object()) throw DataError(format_text("{} in its metadata is not a JSON object", metrics_key));
  std::map<std::string, double> metrics;
  for (const auto& [name, value] : json.items()) try {
      metrics[name] = number_of(value);
    } catch (const DataError& error) {
      throw DataError(format_text("{} in its metadata, {}: {}", metrics_key, quoted(name), error.what()));
    }
  return metrics;
}

}  // namespace

CheckpointInfo checkpoint_info(const Metadata& metadata) {
  CheckpointInfo info;
  info.step = count_of(metadata, step_key);
  info.epoch = count_of(metadata, epoch_key);
  info.metrics = metrics_of(metadata);
  return info;
}

CheckpointInfo checkpoint_info(const SafetensorsFile& file) {
  try {
    return checkpoint_info(file.metadata());
  } catch (const DataError& error) {
    throw DataError(format_text("{}: {}", file.path(), error.what()));
  }
}

namespace {

// Nothing if there is no such file.
std::optional<CheckpointInfo> looked_at(const std::string& path) {
  CheckpointInfo info;
  try {
    const SafetensorsFile file(path);
    info = checkpoint_info(file);
    info.valid = true;
  } catch (const AbsentFile&) {
    return std::nullopt;
  } catch (const IoError& problem) {
    info.unreadable = true;
    info.reason = problem.what();
  } catch (const Error& problem) {
    info.reason = problem.what();
  }
  std::error_code gone;
  if (const auto size = fs::file_size(path, gone); !gone) info.bytes = size;
  info.path = path;
  return info;
}

}  // namespace

std::vector<CheckpointInfo> list_checkpoints(const std::string& dir) {
  std::error_code error;
  fs::directory_iterator entries(dir, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  const auto not_listed = [&] { return IoError(format_text("cannot list {}: {}", dir, error.message())); };
  if (error) throw not_listed();

  std::vector<CheckpointInfo> found;
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path path = absolute_path(entries->path().string());
    if (path.extension() != ".safetensors" || path.filename().string().starts_with('.')) continue;
    std::error_code gone;
    if (entries->is_symlink(gone)) continue;
    std::optional<CheckpointInfo> info = looked_at(path.string());
    // Another process may just have replaced the file. If it is still invalid at the second look, it is damaged.
    if (info && !info->valid) info = looked_at(path.string());
    if (info) found.push_back(std::move(*info));
  }
  if (error) throw not_listed();

  std::sort(found.begin(), found.end(), [](const CheckpointInfo& a, const CheckpointInfo& b) {
    return std::tie(a.valid, a.step, a.epoch, a.path) > std::tie(b.valid, b.step, b.epoch, b.path);
  });
  return found;
}

ResumeChoice newest_valid(const std::string& dir, const std::function<bool(const std::string&)>& counts) {
  ResumeChoice choice;
  for (const CheckpointInfo& info : list_checkpoints(dir)) {
    if (!counts(info.path)) {
      choice.not_asked_for += info.valid ? 1 : 0;
      continue;
    }
    if (info.unreadable) throw IoError(info.reason);
    std::string reason = info.reason;
    if (info.valid) {
      if (!choice.path.empty()) continue;  // an older one
      try {
        SafetensorsFile(info.path).verify();
        choice.path = info.path;
        continue;
      } catch (const AbsentFile&) {  // deleted after it was listed
        continue;
      } catch (const DataError& damage) {
        reason = damage.what();
      }
    }
    if (const std::string prefix = info.path + ": "; reason.starts_with(prefix)) reason.erase(0, prefix.size());
    choice.skipped.push_back(fs::path(info.path).filename().string() + ": " + reason);
  }
  return choice;
}

}  // namespace tlaunch
