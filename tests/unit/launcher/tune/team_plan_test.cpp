#include "launcher/tune/team_plan.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>
#include <vector>

#include "base/atomic_file.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

Job job_on(const std::string& card, const std::string& team_file) {
  PreparedJob job;
  job.loaded.config.tune.team_file = team_file;
  job.loaded.config.train.batch_size = 8;
  job.world = {1, true};
  job.hardware.gpus.resize(1);
  job.hardware.gpus[0].name = card;
  job.hardware.gpus[0].memory_total_bytes = 12'000'000'000;
  return {job, {}};
}

TEST(TeamFile, EntriesThatAreWrittenAtOnceAreAllThere) {
  const test::TempDir folder;
  const std::string file = folder / "team.yaml";
  constexpr int machines = 4, cards = 8;
  std::vector<std::thread> threads;
  for (int machine = 0; machine < machines; ++machine)
    threads.emplace_back([&, machine] {
      for (int card = 0; card < cards; ++card)
        write_team_entry(job_on("card_" + std::to_string(machine) + "_" + std::to_string(card), file));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(parse_team_file(read_file(file, 1'000'000), file).entries.size(), std::size_t{machines * cards});
}

TEST(TeamFile, StaysWritableForTheTeam) {
  const test::TempDir folder;
  const std::string file = folder / "team.yaml";
  test::write(file, "# ours\nteam_gpu_settings:\n  a: {batch_size: 4}\n");
  ASSERT_EQ(::chmod(file.c_str(), 0664), 0);
  write_team_entry(job_on("b", file));
  struct stat status = {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0664u);
  EXPECT_EQ(read_file(file, 1'000'000).substr(0, 7), "# ours\n");
}

}  // namespace
}  // namespace tlaunch
