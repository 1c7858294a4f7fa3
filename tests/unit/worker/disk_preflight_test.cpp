// Uses the disk of the temporary folder, with sizes that no disk has.
#include "worker/disk_preflight.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "tests/support/temp_dir.h"

namespace tlaunch {
namespace {

constexpr std::uint64_t exabyte = 1'000'000'000'000'000'000;

TEST(CheckFree, AsksOnlyWhereSomethingIsToStayFree) {
  const test::TempDir dir;
  EXPECT_NO_THROW(check_free(dir.path(), exabyte, 0));
  EXPECT_NO_THROW(check_free(dir.path(), 1, 1));
  try {
    check_free(dir.path(), 1, exabyte);
    FAIL() << "accepted";
  } catch (const IoError& error) {
    EXPECT_EQ(error.system_error, ENOSPC);
    EXPECT_THAT(error.what(), testing::HasSubstr("checkpoint.min_free_gb"));
  }
}

TEST(CheckDisk, KeepsThePolicyThatFitsAndRefusesOneThatDoesNot) {
  const test::TempDir dir;
  DiskPreflight preflight{.checkpoint_dir = dir.path(),
                          .run_dir = dir.path(),
                          .policy = {.save_top_k = 5},
                          .saves = {.checkpoint_bytes = 1000, .saves = 10}};
  EXPECT_EQ(check_disk(preflight).save_top_k, 5);
  preflight.saves.checkpoint_bytes = exabyte;
  for (const bool fit : {false, true}) {
    preflight.fit = fit;
    EXPECT_THROW(check_disk(preflight), UsageError);
  }
}

}  // namespace
}  // namespace tlaunch
