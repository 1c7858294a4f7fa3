// Complete runs on a card, through tlaunch. With TLAUNCH_GPU_TESTS=cpu they run on the CPU if there is no card, so that
// the tests themselves can be tried; checks that need a card are then skipped.
#pragma once

#include <gtest/gtest.h>

#include "base/json.h"
#include "checkpoint/folder/catalog.h"
#include "tests/support/events.h"
#include "tests/support/sessions_data.h"
#include "trainer/device/device.h"

namespace tlaunch::test {

class GpuRun : public testing::Test {
 protected:
  void SetUp() override {
    if (!on_card() && variable("TLAUNCH_GPU_TESTS", "") != "cpu")
      GTEST_SKIP() << "no CUDA device on this machine: " << cuda_problem();
    write_sessions(scratch_ / "data");
    write(scratch_ / "lstm.yaml",
          "model: {name: lstm, hidden_size: 64, num_layers: 2, window: 6, top_g: 3}\n"
          "data: {name: sessions, root: data}\n"
          "train: {max_steps: 40, effective_batch_size: 64, learning_rate: 0.003}\n"
          "tune: {enabled: false}\n");
    write(scratch_ / "resnet.yaml",
          "model: {name: resnet, depth: 8, width: 16}\n"
          "data: {name: fashion_mnist, root: " +
              variable("TLAUNCH_FASHION_MNIST", "/usr/share/datasets/fashion-mnist") +
              "}\n"
              "train: {max_steps: 40, effective_batch_size: 128}\n"
              "tune: {enabled: false}\n");
  }

  static bool on_card() { return cuda_device_count() > 0; }
  // Not every CPU has an LSTM in fp16.
  static std::vector<std::string> halves() {
    return on_card() ? std::vector<std::string>{"bf16", "fp16"} : std::vector<std::string>{"bf16"};
  }

  Outcome train(const std::string& tag, const std::string& config, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"--nproc",
                                       "1",
                                       "--run-dir",
                                       scratch_ / tag,
                                       scratch_ / config,
                                       "eval.every_n_steps=100000",
                                       "log.log_interval=1",
                                       "log.gpu_log_interval=10"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tlaunch(arguments);
  }
  // The same with all cards hidden.
  Outcome train_on_cpu(const std::string& tag, const std::string& config, const std::vector<std::string>& more) const {
    const char* before = std::getenv("CUDA_VISIBLE_DEVICES");
    const std::string kept = before ? before : "";
    ::setenv("CUDA_VISIBLE_DEVICES", "", 1);
    auto outcome = train(tag, config, more);
    before ? ::setenv("CUDA_VISIBLE_DEVICES", kept.c_str(), 1) : ::unsetenv("CUDA_VISIBLE_DEVICES");
    return outcome;
  }

  std::vector<Json> events(const std::string& tag, const std::string& name) const {
    return events_of(scratch_ / tag, name);
  }
  double first_loss(const std::string& tag) const { return events(tag, "step").front()["loss"]; }
  double last_loss(const std::string& tag) const { return events(tag, "step").back()["loss"]; }
  fs::path at_step(const std::string& tag, std::int64_t step) const {
    for (const auto& info : list_checkpoints(scratch_ / tag / "checkpoints"))
      if (info.step == step) return info.path;
    ADD_FAILURE() << "no checkpoint of step " << step << " in " << tag;
    return {};
  }

  TempDir scratch_;
};

}  // namespace tlaunch::test
