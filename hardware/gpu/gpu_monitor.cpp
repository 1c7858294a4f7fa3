#include "hardware/gpu/gpu_monitor.h"

#include <charconv>
#include <iterator>

#include "hardware/gpu/gpu_probe.h"
#include "hardware/gpu/nvml_library.h"

namespace tlaunch {

struct GpuMonitor::State {
  std::unique_ptr<NvmlLibrary> nvml;
  nvmlDevice_t device{};
  std::string name;
};

namespace {

bool find_card(const NvmlLibrary& nvml, const std::string& uuid_or_index, nvmlDevice_t& device) {
  unsigned index = 0;
  const char* const end = uuid_or_index.data() + uuid_or_index.size();
  const auto parsed = std::from_chars(uuid_or_index.data(), end, index);
  const bool is_index = parsed.ec == std::errc() && parsed.ptr == end;
  if (is_index) return nvml.by_index(index, &device) == NVML_SUCCESS;
  if (nvml.by_uuid(uuid_or_index.c_str(), &device) == NVML_SUCCESS) return true;
  const std::string card = "GPU-";
  return uuid_or_index.starts_with(card) &&
         nvml.by_uuid(("MIG-" + uuid_or_index.substr(card.size())).c_str(), &device) == NVML_SUCCESS;
}

}  // namespace

GpuMonitor::GpuMonitor(const std::string& uuid_or_index) : GpuMonitor(uuid_or_index, "") {}

GpuMonitor::GpuMonitor(const std::string& uuid_or_index, const std::string& library_path) {
  std::vector<std::string> paths{library_path};
  if (library_path.empty()) paths.assign(std::begin(nvml_library_paths), std::end(nvml_library_paths));
  std::string problem;  // ignored: the probe has already reported it
  auto state = std::make_unique<State>();
  state->nvml = NvmlLibrary::open(paths, problem);
  if (!state->nvml || !find_card(*state->nvml, uuid_or_index, state->device)) return;
  char name[NVML_DEVICE_NAME_V2_BUFFER_SIZE] = "";
  if (state->nvml->name(state->device, name, sizeof name) == NVML_SUCCESS) state->name = name;
  state_ = std::move(state);
}

GpuMonitor::~GpuMonitor() = default;
GpuMonitor::GpuMonitor(GpuMonitor&&) noexcept = default;
GpuMonitor& GpuMonitor::operator=(GpuMonitor&&) noexcept = default;

std::optional<GpuSample> GpuMonitor::sample() {
  if (!state_) return std::nullopt;
  const NvmlLibrary& nvml = *state_->nvml;
  GpuSample sample;
  sample.name = state_->name;
  nvmlUtilization_t utilization{};
  if (nvml.utilization(state_->device, &utilization) == NVML_SUCCESS) sample.utilization_percent = utilization.gpu;
  nvmlMemory_t memory{};
  if (nvml.memory(state_->device, &memory) == NVML_SUCCESS) {
    sample.memory_used_bytes = memory.used;
    sample.memory_total_bytes = memory.total;
  }
  unsigned temperature_c = 0, power_mw = 0;
  if (nvml.temperature(state_->device, NVML_TEMPERATURE_GPU, &temperature_c) == NVML_SUCCESS) {
    sample.temperature_c = temperature_c;
  }
  if (nvml.power(state_->device, &power_mw) == NVML_SUCCESS) sample.power_w = power_mw / 1000.0;
  return sample;
}

}  // namespace tlaunch
