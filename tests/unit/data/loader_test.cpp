#include "data/loader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace tlaunch {
namespace {

Batch numbered(std::int64_t i) {
  Batch batch{torch::empty({1}, torch::kInt64), torch::empty({1}, torch::kInt64)};
  *batch.input.mutable_data_ptr<std::int64_t>() = i;
  *batch.target.mutable_data_ptr<std::int64_t>() = -i;
  return batch;
}

std::int64_t number(const Batch& batch) { return *batch.input.const_data_ptr<std::int64_t>(); }

TEST(Loader, GivesBatchesInOrderWhateverTheNumberOfWorkers) {
  for (const std::int64_t workers : {0, 1, 2, 5}) {
    for (const std::int64_t prefetch : {1, 2, 7}) {
      Loader loader(
          [](std::int64_t i) {
            if (i % 3 == 0) std::this_thread::yield();  // the later batch is often ready first
            return numbered(i);
          },
          100, workers, prefetch, false);
      for (std::int64_t i = 0; i < 100; ++i)
        ASSERT_EQ(number(loader.next()), i) << workers << " workers, prefetch " << prefetch;
    }
  }
}

TEST(Loader, LaterBatchThatIsReadyFirstWaitsForItsTurn) {
  std::mutex mutex;
  std::condition_variable changed;
  bool second_made = false;
  Loader loader(
      [&](std::int64_t i) {
        std::unique_lock lock(mutex);
        if (i == 0) {
          changed.wait(lock, [&] { return second_made; });
        } else {
          second_made = true;
          changed.notify_all();
        }
        return numbered(i);
      },
      2, 2, 1, false);
  EXPECT_EQ(number(loader.next()), 0);
  EXPECT_EQ(number(loader.next()), 1);
}

TEST(Loader, RethrowsInOrderAndGoesOnBehindIt) {
  for (const std::int64_t workers : {0, 3}) {
    Loader loader(
        [](std::int64_t i) {
          if (i == 2 || i == 5) throw std::runtime_error("batch " + std::to_string(i));
          return numbered(i);
        },
        7, workers, 2, false);
    for (std::int64_t i = 0; i < 7; ++i) {
      if (i == 2 || i == 5) {
        try {
          loader.next();
          FAIL() << "batch " << i << " should have thrown";
        } catch (const std::runtime_error& error) {
          EXPECT_EQ(error.what(), "batch " + std::to_string(i));
        }
      } else {
        EXPECT_EQ(number(loader.next()), i);
      }
    }
  }
}

TEST(Loader, NeverRunsFurtherAheadThanItsSlots) {
  std::atomic<std::int64_t> read{0}, furthest{0};
  {
    Loader loader(
        [&](std::int64_t i) {
          const std::int64_t ahead = i - read.load();
          std::int64_t seen = furthest.load();
          while (ahead > seen && !furthest.compare_exchange_weak(seen, ahead)) {
          }
          return numbered(i);
        },
        200, 3, 2, false);
    for (std::int64_t i = 0; i < 200; ++i) {
      loader.next();
      read = i + 1;
    }
  }
  EXPECT_LE(furthest, 6);  // index i is begun when i - 6 has been given; `read` is set just after
}

TEST(Loader, EndsInMidwayEvenWhileBatchesAreBeingMade) {
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<int> begun{0}, ended{0};
  bool release = false;
  std::thread helper;
  {
    Loader loader(
        [&](std::int64_t i) {
          ++begun;
          changed.notify_all();
          std::unique_lock lock(mutex);
          changed.wait(lock, [&] { return release; });
          ++ended;
          return numbered(i);
        },
        1000, 2, 2, false);
    {
      std::unique_lock lock(mutex);
      while (begun < 2) changed.wait_for(lock, std::chrono::milliseconds(1));
    }
    helper = std::thread([&] {
      const std::lock_guard lock(mutex);
      release = true;
      changed.notify_all();
    });
  }
  helper.join();
  EXPECT_EQ(begun, ended) << "the destructor waits for batches under way";
  EXPECT_LE(begun, 4) << "and does not make all the others";
}

TEST(Loader, EndsAtOnceWhenNothingWasRead) {
  for (int i = 0; i < 50; ++i) Loader(numbered, 1000, 4, 2, false);
}

TEST(Loader, RefusesToGiveMoreThanThereIs) {
  for (const std::int64_t workers : {0, 2}) {
    Loader loader(numbered, 1, workers, 2, false);
    loader.next();
    EXPECT_THROW(loader.next(), std::logic_error);
  }
  Loader empty(numbered, 0, 2, 2, false);
  EXPECT_THROW(empty.next(), std::logic_error);
}

}  // namespace
}  // namespace tlaunch
