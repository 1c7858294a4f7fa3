#include "trainer/context.h"

#include <charconv>
#include <cstdlib>

#include "core/error.h"
#include "core/worker_env.h"
#include "trainer/device.h"
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

torch::Device choose_device(const Getenv& getenv, int local_rank) {
  const auto wanted = getenv(env::device);
  if (wanted && *wanted != "cpu" && *wanted != "cuda")
    throw UsageError(std::string("environment: ") + env::device + "='" + *wanted + "'; expected cpu or cuda");
  const int count = cuda_device_count();
  if ((wanted && *wanted == "cpu") || (!wanted && count == 0)) return torch::kCPU;
  if (local_rank >= count)
    throw UsageError("no GPU for local rank " + std::to_string(local_rank) + ": this process sees " +
                     std::to_string(count) + "; start fewer ranks, or with --nproc on CPU");
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(local_rank)};
}

}  // namespace

std::optional<std::string> process_getenv(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

WorkerContext context_from_environment(const Getenv& getenv) {
  WorkerContext context;
  if (getenv("RANK") || getenv("WORLD_SIZE")) {
    context.rank = integer(getenv, "RANK", std::nullopt);
    context.world_size = integer(getenv, "WORLD_SIZE", std::nullopt);
    context.local_rank = integer(getenv, "LOCAL_RANK", context.rank);
    context.local_world_size = integer(getenv, "LOCAL_WORLD_SIZE", context.world_size);
    if (context.rank >= context.world_size)
      throw UsageError("environment: RANK=" + std::to_string(context.rank) + " must be below WORLD_SIZE=" +
                       std::to_string(context.world_size));
  }
  if (context.world_size > 1) {
    context.master_addr = getenv("MASTER_ADDR").value_or("127.0.0.1");
    context.master_port = integer(getenv, "MASTER_PORT", std::nullopt);
  }
  if (context.rank == 0 && getenv(env::store_fd)) context.store_fd = integer(getenv, env::store_fd, std::nullopt);
  context.device = choose_device(getenv, context.local_rank);
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
