#include "trainer/context.h"

#include <charconv>
#include <cstdlib>

#include "core/error.h"
#include "core/worker_env.h"
#include "trainer/heartbeat.h"

namespace tlaunch {
namespace {

int integer(const Getenv& getenv, const std::string& name, std::optional<int> fallback) {
  const auto text = getenv(name);
  if (!text) {
    if (fallback) return *fallback;
    throw UsageError("environment: " + name +
                     " is not set; RANK and WORLD_SIZE are, so this looks like one rank of a group");
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 0)
    throw UsageError("environment: " + name + "='" + *text + "' is no whole number >= 0");
  return value;
}

bool cuda_over_gloo(const Getenv& getenv) {
  const auto backend = getenv(env::cuda_backend);
  if (backend && *backend != "gloo" && *backend != "nccl")
    throw UsageError(std::string("environment: ") + env::cuda_backend + "='" + *backend + "'; expected nccl or gloo");
  return backend == "gloo";
}

torch::Device choose_device(const Getenv& getenv, int local_rank, bool share_cards,
                            const std::function<int()>& count_cards) {
  const auto wanted = getenv(env::device);
  if (wanted && *wanted != "cpu" && *wanted != "cuda")
    throw UsageError(std::string("environment: ") + env::device + "='" + *wanted + "'; expected cpu or cuda");
  if (wanted == "cpu") return torch::kCPU;
  const int count = count_cards();
  if (count == 0 && !wanted) return torch::kCPU;
  if (count == 0)
    throw UsageError("no GPU for local rank " + std::to_string(local_rank) + ": " + cuda_problem() +
                     "; set CUDA_VISIBLE_DEVICES= to train on the CPU");
  if (local_rank >= count && !share_cards)
    throw UsageError("no GPU for local rank " + std::to_string(local_rank) + ": this process sees " +
                     std::to_string(count) +
                     "; start at most that many ranks, or set CUDA_VISIBLE_DEVICES= to train "
                     "on the CPU");
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(local_rank % count)};
}

}  // namespace

std::optional<std::string> process_getenv(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

WorkerContext context_from_environment(const Getenv& getenv, const std::function<int()>& count_cards) {
  WorkerContext context;
  if (getenv("RANK") || getenv("WORLD_SIZE")) {
    context.rank = integer(getenv, "RANK", std::nullopt);
    context.world_size = integer(getenv, "WORLD_SIZE", std::nullopt);
    context.local_rank = integer(getenv, "LOCAL_RANK", context.rank);
    context.local_world_size = integer(getenv, "LOCAL_WORLD_SIZE", context.world_size);
    if (context.rank >= context.world_size)
      throw UsageError("environment: RANK=" + std::to_string(context.rank) +
                       " must be below WORLD_SIZE=" + std::to_string(context.world_size));
  }
  if (context.world_size > 1) {
    context.master_addr = getenv("MASTER_ADDR").value_or("127.0.0.1");
    context.master_port = integer(getenv, "MASTER_PORT", std::nullopt);
  }
  if (context.rank == 0 && getenv(env::store_fd)) context.store_fd = integer(getenv, env::store_fd, std::nullopt);
  context.cuda_over_gloo = cuda_over_gloo(getenv);
  context.device = choose_device(getenv, context.local_rank, context.cuda_over_gloo, count_cards);
  context.run_dir = getenv(env::run_dir).value_or("");
  context.plan_path = getenv(env::plan).value_or("");
  context.resume_path = getenv(env::resume).value_or("");
  context.smoke = getenv(env::smoke).value_or("");
  const int event_fd = getenv(env::event_fd) ? integer(getenv, env::event_fd, std::nullopt) : -1;
  context.events = EventWriter(event_fd, context.rank);
  context.heartbeat_s = heartbeat_interval_s(getenv(env::heartbeat_s).value_or(""));
  return context;
}

}  // namespace tlaunch
