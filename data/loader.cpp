#include "data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace tlaunch {
namespace {

// A plain copy: torch's own would start a team of OpenMP threads in each of our threads.
torch::Tensor to_pinned(const torch::Tensor& tensor) {
  const auto source = tensor.contiguous();
  auto pinned = torch::empty(source.sizes(), source.options().pinned_memory(true));
  std::memcpy(pinned.mutable_data_ptr(), source.const_data_ptr(), source.nbytes());
  return pinned;
}

}  // namespace

// Batch i waits in slot i % capacity. Workers take the numbers in order and are never more than `capacity` ahead of the
// reader, so a slot is free when its next batch is taken. `mutex` guards everything from `taken` on.
struct Loader::State {
  struct Slot {
    Batch batch;
    std::exception_ptr error;
    bool ready = false;
  };

  State(std::function<Batch(std::int64_t)> make_batch, std::int64_t batches, bool pin)
      : make(std::move(make_batch)), count(batches), pin_memory(pin) {}

  ~State() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    may_take.notify_all();
    for (auto& thread : threads) thread.join();
  }

  void start(std::int64_t num_workers, std::int64_t prefetch_factor) {
    num_workers = std::min(num_workers, count);  // the rest would have nothing to do
    slots.resize(static_cast<std::size_t>(num_workers * std::max<std::int64_t>(prefetch_factor, 1)));
    for (std::int64_t i = 0; i < num_workers; ++i) threads.emplace_back([this] { work(); });
  }

  std::int64_t capacity() const { return static_cast<std::int64_t>(slots.size()); }
  Slot& slot(std::int64_t i) { return slots[static_cast<std::size_t>(i % capacity())]; }

  Batch produce(std::int64_t i) const {
    Batch batch = make(i);
    if (pin_memory) batch = {to_pinned(batch.input), to_pinned(batch.target)};
    return batch;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      may_take.wait(lock, [&] { return stopping || taken == count || taken < given + capacity(); });
      if (stopping || taken == count) return;
      const std::int64_t i = taken++;
      lock.unlock();
      Batch batch;
      std::exception_ptr error;
      try {
        batch = produce(i);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      slot(i) = {std::move(batch), std::move(error), true};
      made.notify_one();  // only the reader waits for it
    }
  }

  Batch next() {
    std::unique_lock lock(mutex);
    if (given == count) throw std::logic_error("Loader: no batch left");
    if (threads.empty()) {
      lock.unlock();
      return produce(given++);  // no other thread: nobody else reads `given`
    }
    made.wait(lock, [&] { return slot(given).ready; });
    Slot got = std::exchange(slot(given), Slot{});
    ++given;
    lock.unlock();
    may_take.notify_one();  // one slot became free
    if (got.error) std::rethrow_exception(got.error);
    return std::move(got.batch);
  }

  const std::function<Batch(std::int64_t)> make;
  const std::int64_t count;
  const bool pin_memory;
  std::vector<std::thread> threads;  // used by the reader's thread only
  std::mutex mutex;
  std::condition_variable may_take, made;
  std::vector<Slot> slots;
  std::int64_t taken = 0;  // batches begun by workers
  std::int64_t given = 0;  // batches handed to the reader
  bool stopping = false;
};

Loader::Loader(std::function<Batch(std::int64_t)> make, std::int64_t count, std::int64_t num_workers,
               std::int64_t prefetch_factor, bool pin_memory)
    : state_(std::make_unique<State>(std::move(make), count, pin_memory)) {
  state_->start(num_workers, prefetch_factor);  // if a thread cannot be started, ~State stops the others
}

Loader::~Loader() = default;

Batch Loader::next() { return state_->next(); }

}  // namespace tlaunch
