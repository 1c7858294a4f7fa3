#include "trainer/memory/memory_cap.h"

#include <sys/resource.h>

#include <algorithm>

#include "trainer/device/device.h"
#include "trainer/device/host_memory.h"

namespace tlaunch {

void cap_memory(const torch::Device& device, std::uint64_t budget_bytes) {
  if (budget_bytes == 0) return;
  if (device.is_cuda()) return cap_device_memory(device, budget_bytes);
  const auto resident = resident_bytes(), data = data_bytes();
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0) return;
  const rlim_t wanted = data + (budget_bytes > resident ? budget_bytes - resident : 0);
  limit.rlim_cur = limit.rlim_cur == RLIM_INFINITY ? wanted : std::min(limit.rlim_cur, wanted);
  setrlimit(RLIMIT_DATA, &limit);
}

}  // namespace tlaunch
