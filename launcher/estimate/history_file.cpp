#include "launcher/estimate/history_file.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <sstream>

#include "base/atomic_file.h"
#include "base/cache_folder.h"
#include "base/crc32c.h"
#include "base/file_lock.h"
#include "base/patient_file.h"
#include "launcher/tune/plan_cache.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t long_bytes = small_file_bytes / 2;  // above this size the older half is dropped

std::string path() {
  const std::string folder = state_folder();
  return folder.empty() ? "" : folder + "/history.jsonl";
}

void drop_older_half(const std::string& file) {
  const std::string text = read_file(file, small_file_bytes);
  const std::size_t middle = text.find('\n', text.size() / 2);
  if (middle != std::string::npos) write_file_atomically(file, text.substr(middle + 1));
}

}  // namespace

std::string job_fingerprint(const Job& job) {
  const std::string text = text_of(plan_cache_key(job, job.loaded.config, 0));
  return job.config.name + "-" + content_name(std::as_bytes(std::span(text)));
}

RunHistory read_history() {
  try {
    const std::string file = path();
    if (file.empty()) return {};
    return history_from_lines(read_file(file, small_file_bytes));
  } catch (const std::exception&) {
    return {};
  }
}

void append_to_history(const RunOutcome& outcome) {
  const std::string file = path();
  if (file.empty()) return;
  try {
    fs::create_directories(fs::path(file).parent_path());
    const FileLock lock(file);  // so that a line which another run appends is not dropped with the older half
    if (std::error_code error; fs::file_size(file, error) > long_bytes && !error) drop_older_half(file);
    PatientFile history(file, {}, [](const std::string&) {});
    history.append(text_of(to_json(outcome)) + "\n");
  } catch (const std::exception&) {
    // The disk is full or the home folder is read-only: the next estimate has less to go by.
  }
}

}  // namespace tlaunch
