// The whole launcher with a worker that only speaks the contract (fake_worker.py). Each test has its own folder and its
// own caches.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/support/child_process.h"
#include "tests/support/events.h"
#include "tests/support/temp_dir.h"

namespace tlaunch::test {

namespace fs = std::filesystem;

class RunCommandTest : public testing::Test {
 protected:
  RunCommandTest() : worker_(folder_ / "fake_worker.py"), config_(folder_ / "job.yaml") {
    fs::copy_file(std::string(std::getenv("TLAUNCH_SOURCE_DIR")) + "/tests/unit/launcher/fake_worker.py", worker_);
    test::write(config_,
                "model: {name: resnet}\ndata: {name: fashion_mnist}\n"
                "train: {epochs: 3, effective_batch_size: 32}\n"
                "tune: {enabled: false}\n"
                "run_root: " +
                    path("runs") + "\nlaunch: {worker: " + worker_ + ", grace_s: 2}\n");
  }

  std::string path(const std::string& name) const { return folder_ / name; }

  std::vector<std::string> command(std::vector<std::string> arguments,
                                   const std::vector<std::string>& variables = {}) const {
    std::vector<std::string> argv = {"/usr/bin/env", "XDG_CACHE_HOME=" + path("cache"),
                                     "XDG_STATE_HOME=" + path("state"), "CUDA_VISIBLE_DEVICES="};
    argv.insert(argv.end(), variables.begin(), variables.end());
    argv.push_back((fs::read_symlink("/proc/self/exe").parent_path() / "tlaunch").string());
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
  }
  Finished tlaunch(const std::vector<std::string>& arguments, const std::vector<std::string>& variables = {}) const {
    return ChildProcess(command(arguments, variables)).wait();
  }

  Json summary(const std::string& run) const { return Json::parse(content(path(run) + "/summary.json")); }
  std::vector<Json> events(const std::string& run, const std::string& name) const {
    return test::events_of(path(run), name);
  }

  test::TempDir folder_;
  std::string worker_, config_;
};

}  // namespace tlaunch::test
