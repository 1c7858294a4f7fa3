// Figures of one card while a run trains on it, for `gpu` events. A reading takes about a millisecond and never waits
// for the card's work. One thread at a time per object. No errors: a figure that cannot be read is absent.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tlaunch {

// A MIG slice, WSL2 and virtual cards do not report all of these.
struct GpuSample {
  std::string name;
  std::optional<double> utilization_percent;  // share of the driver's last sampling period in which a kernel ran
  std::optional<std::uint64_t> memory_used_bytes, memory_total_bytes;  // of all processes on the card
  std::optional<double> temperature_c, power_w;
};

class GpuMonitor {
 public:
  // A UUID ("GPU-..."; GpuInfo::uuid), or an index in NVML's order, which CUDA_VISIBLE_DEVICES does not change. A MIG
  // slice may be named "GPU-..." too, as CUDA's programs know its UUID; NVML calls it "MIG-...".
  explicit GpuMonitor(const std::string& uuid_or_index);
  // The same with another driver library, for tests.
  GpuMonitor(const std::string& uuid_or_index, const std::string& library_path);
  ~GpuMonitor();
  GpuMonitor(GpuMonitor&&) noexcept;
  GpuMonitor& operator=(GpuMonitor&&) noexcept;

  std::optional<GpuSample> sample();  // nothing if there is no driver or no such card

 private:
  struct State;
  std::unique_ptr<State> state_;  // null: no card to read
};

}  // namespace tlaunch
