// Figures of one card while a run trains on it, for `gpu` events. Reading takes about a millisecond and never waits
// for the card's work. One thread at a time per object. No errors: what cannot be read is absent or 0.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tlaunch {

struct GpuSample {
  std::string name;
  double utilization_percent = 0;  // share of the driver's last sampling period in which a kernel ran
  std::uint64_t memory_used_bytes = 0, memory_total_bytes = 0;  // of all processes on the card
  double temperature_c = 0, power_w = 0;
};

class GpuMonitor {
 public:
  // A UUID ("GPU-..."; GpuInfo::uuid), or an index in NVML's order, which CUDA_VISIBLE_DEVICES does not change.
  explicit GpuMonitor(const std::string& uuid_or_index);
  // The same with another driver library, for tests.
  GpuMonitor(const std::string& uuid_or_index, const std::string& library_path);
  ~GpuMonitor();
  GpuMonitor(GpuMonitor&&) noexcept;
  GpuMonitor& operator=(GpuMonitor&&) noexcept;

  std::optional<GpuSample> sample();  // nothing where there is no driver or no such card

 private:
  struct State;
  std::unique_ptr<State> state_;  // null: no card to read
};

}  // namespace tlaunch
