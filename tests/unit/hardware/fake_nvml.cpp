// A driver library with two cards, for tests on machines without any. FAKE_NVML in the environment picks what goes
// wrong: "mismatch" (init fails), "no_card", "lost_card" (the second does not answer), "shared_memory" (no memory
// figures).
#include <nvml.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {
bool mode(const char* name) {
  const char* value = std::getenv("FAKE_NVML");
  return value && std::strcmp(value, name) == 0;
}
char cards[2];
nvmlDevice_t handle(int i) { return reinterpret_cast<nvmlDevice_t>(&cards[i]); }
int index_of(nvmlDevice_t device) { return device == handle(1) ? 1 : 0; }
}  // namespace

extern "C" {
nvmlReturn_t nvmlInit_v2() { return mode("mismatch") ? NVML_ERROR_LIB_RM_VERSION_MISMATCH : NVML_SUCCESS; }
nvmlReturn_t nvmlShutdown() { return NVML_SUCCESS; }
const char* nvmlErrorString(nvmlReturn_t code) { return code == NVML_ERROR_GPU_IS_LOST ? "GPU is lost" : "it failed"; }
nvmlReturn_t nvmlSystemGetDriverVersion(char* text, unsigned length) {
  std::snprintf(text, length, "580.65.06");
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned* count) {
  *count = mode("no_card") ? 0 : 2;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t* device) {
  if (index > 1) return NVML_ERROR_INVALID_ARGUMENT;
  if (index == 1 && mode("lost_card")) return NVML_ERROR_GPU_IS_LOST;
  *device = handle(static_cast<int>(index));
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetHandleByUUID(const char* uuid, nvmlDevice_t* device) {
  if (std::strncmp(uuid, "GPU-fake-", 9) != 0) return NVML_ERROR_NOT_FOUND;
  *device = handle(uuid[9] - '0');
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char* text, unsigned length) {
  std::snprintf(text, length, "%s", index_of(device) == 0 ? "NVIDIA GeForce RTX 3060" : "NVIDIA A100-SXM4-40GB");
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char* text, unsigned length) {
  std::snprintf(text, length, "GPU-fake-%d", index_of(device));
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t* memory) {
  if (mode("shared_memory")) return NVML_ERROR_NOT_SUPPORTED;
  memory->total = index_of(device) == 0 ? 12'000'000'000ull : 42'000'000'000ull;
  memory->used = 2'000'000'000ull;
  memory->free = memory->total - memory->used;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int* major, int* minor) {
  *major = 8;
  *minor = index_of(device) == 0 ? 6 : 0;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t, nvmlUtilization_t* utilization) {
  utilization->gpu = 42;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t, nvmlTemperatureSensors_t, unsigned* celsius) {
  *celsius = 61;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t, unsigned* milliwatt) {
  *milliwatt = 170500;
  return NVML_SUCCESS;
}
}
