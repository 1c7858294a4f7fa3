#include "launcher/tune/plan_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "launcher/job/cache_file.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;
using test::content;
using test::TempDir;
using test::write;

class PlanCacheTest : public testing::Test {
 protected:
  PlanCacheTest() {
    ::setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1);
    job_.worker_path = folder_ / "worker";
    write(job_.worker_path, "a binary");
    job_.worker.torch_version = "2.11.0";
    job_.loaded.config.model.name = "resnet";
    job_.loaded.config.model.options.set("depth", std::int64_t{8});
    job_.loaded.config.data.name = "fashion_mnist";
    job_.loaded.config.train.epochs = 3;
    job_.loaded.config.checkpoint.every_n_epochs = 1;
    job_.hardware.cpu.model = "some CPU";
    job_.hardware.driver_version = "580.1";
    job_.hardware.gpus.resize(1);
    job_.hardware.gpus[0].uuid = "GPU-1";
    job_.world = {1, true};
    outcome_.plan.world_size = 1;
    outcome_.plan.choices = {{"train.batch_size", 64, Origin::measured, "fast", {{"samples_per_s", 12.5}}}};
    outcome_.predicted_peak_bytes = 1'000'000'001;
    outcome_.measured_peak_bytes = 1'000'000'002;
    outcome_.budget_bytes = budget;
    outcome_.samples_per_s = 1234.5;
    outcome_.trials = 7;
    outcome_.seconds = 8.5;
    outcome_.notes = {"a note"};
  }
  ~PlanCacheTest() override { ::unsetenv("XDG_CACHE_HOME"); }

  Json key(std::uint64_t budget_bytes = budget) const {
    return plan_cache_key({job_, prior_}, job_.loaded.config, budget_bytes);
  }
  fs::path file() const {
    for (const auto& entry : fs::directory_iterator(folder_ / "tlaunch/plans")) return entry.path();
    return {};
  }

  static constexpr std::uint64_t budget = 8'000'000'000;
  TempDir folder_;
  PreparedJob job_;
  Plan prior_;
  TuneOutcome outcome_;
};

TEST_F(PlanCacheTest, TheSameJobFindsAllThatWasKept) {
  EXPECT_FALSE(read_plan_cache(key()));
  write_plan_cache(key(), outcome_);
  const auto kept = read_plan_cache(key());
  ASSERT_TRUE(kept);
  EXPECT_EQ(to_json(*kept), to_json(outcome_));
  EXPECT_EQ(kept->measured_peak_bytes, 1'000'000'002u);
  EXPECT_EQ(kept->notes, outcome_.notes);
}

TEST_F(PlanCacheTest, WhatBearsOnAStepMisses) {
  write_plan_cache(key(), outcome_);
  const std::pair<const char*, std::function<void(PreparedJob&)>> changes[] = {
      {"batch fixed", [](PreparedJob& job) { job.loaded.config.train.batch_size = 64; }},
      {"effective batch", [](PreparedJob& job) { job.loaded.config.train.effective_batch_size = 512; }},
      {"effective batch open", [](PreparedJob& job) { job.loaded.config.train.effective_batch_size.reset(); }},
      {"precision fixed", [](PreparedJob& job) { job.loaded.config.gpu.mixed_precision = Precision::fp32; }},
      {"optimizer", [](PreparedJob& job) { job.loaded.config.train.optimizer = OptimizerKind::sgd; }},
      {"keep_micro_batch", [](PreparedJob& job) { job.loaded.config.tune.keep_micro_batch = true; }},
      {"deterministic", [](PreparedJob& job) { job.loaded.config.deterministic = true; }},
      {"model option", [](PreparedJob& job) { job.loaded.config.model.options.set("depth", std::int64_t{14}); }},
      {"data shape", [](PreparedJob& job) { job.loaded.config.data.options.set("image_size", std::int64_t{96}); }},
      {"model", [](PreparedJob& job) { job.loaded.config.model.name = "lstm"; }},
      {"ranks", [](PreparedJob& job) { job.world.size = 2; }},
      {"GPU", [](PreparedJob& job) { job.hardware.gpus[0].uuid = "GPU-2"; }},
      {"save interval left open", [](PreparedJob& job) { job.loaded.config.checkpoint.every_n_epochs.reset(); }},
      {"on the CPU", [](PreparedJob& job) { job.world.on_gpu = false; }},
      {"CPU", [](PreparedJob& job) { job.hardware.cpu.model = "another CPU"; }},
      {"cores", [](PreparedJob& job) { job.hardware.cpu.allowed_cores = 64; }},
      {"pinned",
       [](PreparedJob& job) {
         job.placement.ranks = {{.cores = {0, 1}}};
       }},
      {"driver", [](PreparedJob& job) { job.hardware.driver_version = "580.2"; }},
      {"LibTorch", [](PreparedJob& job) { job.worker.torch_version = "2.11.0+cu126"; }},
  };
  for (const auto& [what, change] : changes) {
    PreparedJob other = job_;
    change(other);
    EXPECT_FALSE(read_plan_cache(plan_cache_key({other, prior_}, other.loaded.config, budget))) << what;
  }
  Plan threads_fixed;
  threads_fixed.choices.push_back({"launch.threads_per_rank", 3, Origin::user, "OMP_NUM_THREADS"});
  EXPECT_FALSE(read_plan_cache(plan_cache_key({job_, threads_fixed}, job_.loaded.config, budget)));
  EXPECT_FALSE(read_plan_cache(key(budget / 2))) << "half of the memory";
  write(job_.worker_path, "another binary");
  EXPECT_FALSE(read_plan_cache(key())) << "worker built again";
}

TEST_F(PlanCacheTest, AResumedRunsEffectiveBatchIsNeitherANewRunsNorOneThatIsFixed) {
  PreparedJob open = job_, resumed = job_;
  open.loaded.config.train.effective_batch_size.reset();
  resumed.loaded.config.train.effective_batch_size.reset();
  resumed.effective_batch_size = 256;
  const Json theirs = plan_cache_key({resumed, prior_}, resumed.loaded.config, budget);
  EXPECT_NE(theirs, plan_cache_key({open, prior_}, open.loaded.config, budget));
  EXPECT_NE(theirs, key());
}

TEST_F(PlanCacheTest, AFileWithAWrongBitIsNotRead) {
  write_plan_cache(key(), outcome_);
  const std::string whole = content(file());
  for (const auto& [was, is] : std::vector<std::pair<std::string, std::string>>{
           {"\"value\": 64", "\"value\": 65"}, {"\"train.batch_size\"", "\"train.catch_size\""}}) {
    std::string damaged = whole;
    ASSERT_NE(damaged.find(was), std::string::npos);
    damaged.replace(damaged.find(was), was.size(), is);
    write(file(), damaged);
    EXPECT_FALSE(read_plan_cache(key())) << is;
  }
  write(file(), whole);
  EXPECT_TRUE(read_plan_cache(key()));
}

TEST_F(PlanCacheTest, WhatDoesNotBearOnAStepHits) {
  write_plan_cache(key(), outcome_);
  job_.loaded.config.name = "another name";
  job_.loaded.config.seed = 7;
  job_.loaded.config.train.epochs = 300;
  job_.loaded.config.train.learning_rate = 0.5;
  job_.loaded.config.launch.grace_s = 3;
  job_.loaded.config.checkpoint.every_n_epochs = 9;
  prior_.choices.push_back({"launch.threads_per_rank", 3, Origin::prior, "the cores of a rank"});
  EXPECT_TRUE(read_plan_cache(key()));
  EXPECT_TRUE(read_plan_cache(key(budget + budget / 100))) << "a little more free memory";
}

TEST_F(PlanCacheTest, ABudgetThatHasCrossedTheEdgeOfItsBandHits) {
  const double edge = std::exp2(33.25);  // 10.2 GB: rounds to either side
  const auto key_at = [&](double bytes) { return key(static_cast<std::uint64_t>(bytes)); };
  ASSERT_NE(key_at(edge * 0.999), key_at(edge * 1.001));
  write_plan_cache(key_at(edge * 1.001), outcome_);
  EXPECT_TRUE(read_plan_cache(key_at(edge * 0.999)));
}

TEST_F(PlanCacheTest, ADamagedFileIsAMissAndIsWrittenOver) {
  write_plan_cache(key(), outcome_);
  const std::string whole = content(file());
  for (const std::string& damaged : {std::string(), whole.substr(0, whole.size() / 2), std::string("[]"),
                                     std::string("{}"), std::string("\xff\xfe"), std::string(1 << 23, ' ') + whole}) {
    write(file(), damaged);
    EXPECT_FALSE(read_plan_cache(key()));
  }
  Json other = Json::parse(whole)["content"];
  other["key"]["world_size"] = 9;  // two keys with one hash
  write_cache_file(file(), other);
  EXPECT_FALSE(read_plan_cache(key()));
  other = Json::parse(whole)["content"];
  other["outcome"]["plan"]["train.batch_size"].erase("origin");  // of another version
  write_cache_file(file(), other);
  EXPECT_FALSE(read_plan_cache(key()));
  write_plan_cache(key(), outcome_);
  EXPECT_TRUE(read_plan_cache(key()));
}

TEST_F(PlanCacheTest, WithoutAFolderToWriteToNothingIsKeptAndNothingFails) {
  ::setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
  write_plan_cache(key(), outcome_);
  EXPECT_FALSE(read_plan_cache(key()));
}

}  // namespace
}  // namespace tlaunch
