#include "worker/environment.h"

#include <charconv>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "contract/worker_env.h"
#include "worker/heartbeat.h"

namespace tlaunch {
namespace {

int integer(const Getenv& getenv, const std::string& name, std::optional<int> fallback) {
  const auto text = getenv(name);
  if (!text) {
    if (fallback) return *fallback;
    throw UsageError(
        format_text("environment: {} is not set, but RANK or WORLD_SIZE is. Set all of torchrun's variables "
                    "for one rank of a group, or none of them for a single process",
                    name));
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 0)
    throw UsageError(format_text("environment: {}={} is not a whole number of at least 0", name, quoted(*text)));
  return value;
}

bool cuda_over_gloo(const Getenv& getenv) {
  const auto backend = getenv(env::cuda_backend);
  if (backend && *backend != "gloo" && *backend != "nccl")
    throw UsageError(format_text("environment: {}={}; expected nccl or gloo", env::cuda_backend, quoted(*backend)));
  return backend == "gloo";
}

std::optional<std::string> device_asked(const Getenv& getenv) {
  const auto wanted = getenv(env::device);
  if (wanted && *wanted != "cpu" && *wanted != "cuda")
    throw UsageError(format_text("environment: {}={}; expected cpu or cuda", env::device, quoted(*wanted)));
  return wanted;
}

}  // namespace

WorkerEnvironment read_worker_environment(const Getenv& getenv) {
  WorkerEnvironment environment;
  if (getenv("RANK") || getenv("WORLD_SIZE")) {
    environment.rank = integer(getenv, "RANK", std::nullopt);
    environment.world_size = integer(getenv, "WORLD_SIZE", std::nullopt);
    environment.local_rank = integer(getenv, "LOCAL_RANK", environment.rank);
    environment.local_world_size = integer(getenv, "LOCAL_WORLD_SIZE", environment.world_size);
    if (environment.rank >= environment.world_size)
      throw UsageError(
          format_text("environment: RANK={} must be below WORLD_SIZE={}", environment.rank, environment.world_size));
  }
  if (environment.world_size > 1) {
    environment.master_addr = getenv("MASTER_ADDR").value_or("127.0.0.1");
    environment.master_port = integer(getenv, "MASTER_PORT", std::nullopt);
  }
  if (environment.rank == 0 && getenv(env::store_fd))
    environment.store_fd = integer(getenv, env::store_fd, std::nullopt);
  environment.cuda_over_gloo = cuda_over_gloo(getenv);
  environment.device_asked = device_asked(getenv);
  environment.run_dir = getenv(env::run_dir).value_or("");
  environment.plan_path = getenv(env::plan).value_or("");
  environment.resume_path = getenv(env::resume).value_or("");
  environment.smoke = getenv(env::smoke).value_or("");
  const int event_fd = getenv(env::event_fd) ? integer(getenv, env::event_fd, std::nullopt) : -1;
  environment.events = EventWriter(event_fd, environment.rank);
  environment.heartbeat_s = heartbeat_interval_s(getenv(env::heartbeat_s).value_or(""));
  return environment;
}

}  // namespace tlaunch
