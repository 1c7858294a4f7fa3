#include "launcher/job/job_check.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/cache_folder.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "config/batch_advice.h"
#include "launcher/job/cache_file.h"
#include "launcher/job/worker_binary.h"
#include "processes/guard/capture.h"
#include "processes/output/say.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr double limit_s = 30;  // data that takes longer is checked only by the ranks
constexpr std::size_t most_files = 4096;

// Name, size and time of a file, or of each file below a folder; nothing if there are too many files.
std::optional<Json> look_of(const std::string& path) {
  std::vector<std::string> paths{path};
  std::error_code error;
  constexpr auto follow = fs::directory_options::follow_directory_symlink;
  for (fs::recursive_directory_iterator entry(path, follow, error), end; !error && entry != end;
       entry.increment(error)) {
    if (paths.size() > most_files) return std::nullopt;
    paths.push_back(entry->path().string());
  }
  if (error && fs::is_directory(path)) return std::nullopt;  // changes in it would not be noticed
  std::sort(paths.begin() + 1, paths.end());
  Json looks = Json::array();
  for (const std::string& each : paths) {
    struct stat status = {};
    if (::stat(each.c_str(), &status) != 0) continue;
    looks.push_back(Json::array({each, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec}));
  }
  return looks;
}

// Everything that the answer depends on; nothing if the answer cannot be stored or need not be: a run continues from a
// checkpoint only once.
std::optional<Json> key_of(const LoadedJob& job, const JobRequest& request) {
  if (request.weights == JobWeights::resume) return std::nullopt;
  Json key = {{"worker", fs::path(describe_cache_path(job.worker_path)).filename().string()},
              {"weights", static_cast<int>(request.weights)},
              {"checkpoint", request.checkpoint},
              {"config", Json::object()},
              {"files", Json::array()}};
  const RunConfig& config = job.loaded.config;
  for (const auto& [name, value] : flatten(config))
    if (name.starts_with("model.") || name.starts_with("data.")) key["config"][name] = value;
  for (const std::string& path : {config.data.root, config.model.weights.value_or(""), request.checkpoint}) {
    if (path.empty()) continue;
    const auto looks = look_of(path);
    if (!looks) return std::nullopt;
    key["files"].push_back(*looks);
  }
  return key;
}

std::string path_of(const std::optional<Json>& key) {
  const std::string folder = cache_folder();
  if (!key || folder.empty() || key->at("worker") == "") return "";
  const std::string text = text_of(*key);
  return folder + "/checks/" + content_name(std::as_bytes(std::span(text))) + ".json";
}

std::optional<DataIdentity> kept_answer(const std::string& path, const std::optional<Json>& key) {
  const auto kept = read_cache_file(path);
  if (!kept || !kept->contains("key") || !kept->contains("data") || text_of(kept->at("key")) != text_of(*key))
    return std::nullopt;
  return data_identity_from_json(kept->at("data"));
}

void keep_answer(const std::string& path, const std::optional<Json>& key, const DataIdentity& data) {
  if (!path.empty()) write_cache_file(path, {{"key", *key}, {"data", to_json(data)}});
}

std::vector<std::string> question(const LoadedJob& job, const JobRequest& request) {
  std::vector<std::string> argv{job.worker_path, "check", request.config_path};
  argv.insert(argv.end(), request.overrides.begin(), request.overrides.end());
  switch (request.weights) {
    case JobWeights::first: break;
    case JobWeights::none: argv.push_back("--no-weights"); break;
    case JobWeights::checkpoint: argv.insert(argv.end(), {"--checkpoint", request.checkpoint}); break;
    case JobWeights::resume: argv.insert(argv.end(), {"--resume", request.checkpoint}); break;
  }
  return argv;
}

bool is_verdict(int code) {
  return code == exit_code::failure || code == exit_code::usage || code == exit_code::bad_data || code == exit_code::io;
}

// The error message without the worker's other output before it.
std::string error_text(std::string output) {
  constexpr std::string_view mark = "error: ";
  const auto begin = output.starts_with(mark) ? 0 : output.rfind("\nerror: ");
  if (begin != std::string::npos) output.erase(0, begin + mark.size() + (begin == 0 ? 0 : 1));
  while (output.ends_with('\n')) output.pop_back();
  return output;
}

std::optional<DataIdentity> identity_in(const std::string& output) {
  const auto end = output.find_last_not_of('\n');
  if (end == std::string::npos) return std::nullopt;
  const auto newline = output.rfind('\n', end);  // a data set may print something first
  const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
  const Json answer = Json::parse(output.substr(begin, end - begin + 1), nullptr, false);
  if (!answer.is_object() || !answer.contains("data")) return std::nullopt;
  return data_identity_from_json(answer["data"]);
}

}  // namespace

std::optional<DataIdentity> check_job(const LoadedJob& job, const JobRequest& request) {
  if (!job.worker.checks) return std::nullopt;
  const auto key = key_of(job, request);
  const std::string path = path_of(key);
  if (const auto kept = kept_answer(path, key)) return kept->train_samples > 0 ? kept : std::nullopt;
  const Captured answer = run_captured(question(job, request), limit_s, "checking data and model");
  if (answer.stopped) return std::nullopt;  // the caller ends
  if (answer.timed_out) {
    say(format_text("note: could not check data and model within {}; their errors are reported when training starts",
                    format_duration(limit_s)));
    keep_answer(path, key, {});  // so that the next command does not wait again
    return std::nullopt;
  }
  if (is_verdict(answer.exit_code)) throw Error(answer.exit_code, error_text(answer.err));
  const auto data = answer.exit_code == exit_code::ok ? identity_in(answer.out) : std::nullopt;
  if (data) keep_answer(path, key, *data);
  return data;
}

void check_batch(const Job& job) {
  const std::int64_t batch = job.config.train.effective_batch_size.value_or(0);
  const std::int64_t samples = job.data ? job.data->train_samples : 0;
  const TrainConfig& asked = job.loaded.config.train;
  if (samples > 0 && batch > samples)
    throw UsageError(
        larger_than_data(batch, samples, job.world.size, asked.batch_size, asked.gradient_accumulation_steps));
}

}  // namespace tlaunch
