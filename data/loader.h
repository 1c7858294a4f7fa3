// Batches in order, made ahead of time by worker threads. Order and content never depend on the number of threads.
#pragma once

#include <functional>
#include <memory>

#include "data/dataset.h"

namespace tlaunch {

class Loader {
 public:
  // `make(i)` makes batch i (0 <= i < count), called from worker threads, several at a time; it must be thread-safe.
  // `num_workers` 0: next() itself makes the batch. At most num_workers * prefetch_factor batches wait at a time.
  // `pin_memory`: batches are put in page-locked memory. For a job on a CUDA device only, because it starts the driver.
  Loader(std::function<Batch(std::int64_t)> make, std::int64_t count, std::int64_t num_workers,
         std::int64_t prefetch_factor, bool pin_memory);
  ~Loader();  // stops the threads, even if batches are left
  // Returns the next batch, or rethrows the exception that make(i) threw for it. Throws std::logic_error after `count`
  // calls. For one thread only.
  Batch next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tlaunch
