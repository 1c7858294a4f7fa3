// Labelled log sessions (HDFS as DeepLog uses it): training on normal sessions, detection on normal and abnormal ones.
#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "data/builtin.h"
#include "data/byte_region.h"
#include "data/logs/key_dataset.h"
#include "data/logs/key_file.h"

namespace tlaunch {
namespace {

SessionSet read_sessions(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    throw DataError(format_text(
        "{}: not found; data.root must be a folder with hdfs_train, hdfs_test_normal and hdfs_test_abnormal (the HDFS "
        "files of the DeepLog and logdeep repositories on GitHub: docs/data.md)",
        path));
  }
  return parse_sessions(map_file(path).bytes, path);
}

// A session too short for one window is padded, and so always flagged, as in DeepLog's reference implementation.
SessionSet read_test_sessions(const std::string& path, const std::vector<std::int32_t>& vocabulary,
                              std::int64_t window) {
  SessionSet sessions = read_sessions(path);
  number_keys(sessions, vocabulary);
  return lengthened(sessions, window + 1);
}

}  // namespace

DatasetDescription describe_sessions() {
  DatasetDescription description;
  description.name = "sessions";
  description.summary = "Log-key sessions, one per line, in hdfs_train, hdfs_test_normal and hdfs_test_abnormal (HDFS)";
  description.sample_kind = "keys";
  description.options = {val_fraction_option()};
  description.metrics = {"precision", "recall", "f1", "false_positive_rate"};
  return description;
}

std::unique_ptr<Dataset> make_sessions(const DataConfig& data, const Options& model_options) {
  const std::int64_t window = model_options.integer("window");
  const std::string train_path = data.root + "/hdfs_train";
  SessionSet train = read_sessions(train_path);
  const auto vocabulary = distinct_keys(train);
  number_keys(train, vocabulary);
  SessionTests tests{read_test_sessions(data.root + "/hdfs_test_normal", vocabulary, window),
                     read_test_sessions(data.root + "/hdfs_test_abnormal", vocabulary, window)};
  return std::make_unique<KeyDataset>(std::move(train), static_cast<std::int64_t>(vocabulary.size()), window,
                                      data.options.real("val_fraction"), std::move(tests), train_path);
}

}  // namespace tlaunch
