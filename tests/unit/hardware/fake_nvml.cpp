// A driver library with two cards, for tests on machines without a card. FAKE_NVML in the environment chooses a fault:
// "mismatch" (init fails), "no_card", "lost_card" (the second card does not respond), "shared_memory" (no memory
// figures), "mig" (the second card has MIG slices), "busy" (100 processes on the first card), "mute" (only the figures
// that each run needs), "no_utilization" (as of a MIG slice or under WSL2). FAKE_NVML_FREE names a file with the free
// bytes of the first card; FAKE_NVML_DRIVER is the driver's version. A build with FAKE_OLD_NVML lacks the functions
// that old drivers lack.
#include <nvml.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {
bool mode(const char* name) {
  const char* value = std::getenv("FAKE_NVML");
  return value && std::strcmp(value, name) == 0;
}
char cards[4];  // two cards, two slices of the second
nvmlDevice_t handle(int i) { return reinterpret_cast<nvmlDevice_t>(&cards[i]); }
int index_of(nvmlDevice_t device) {
  for (int i = 1; i < 4; ++i) {
    if (device == handle(i)) return i;
  }
  return 0;
}
}  // namespace

extern "C" {
nvmlReturn_t nvmlInit_v2() { return mode("mismatch") ? NVML_ERROR_LIB_RM_VERSION_MISMATCH : NVML_SUCCESS; }
nvmlReturn_t nvmlShutdown() { return NVML_SUCCESS; }
const char* nvmlErrorString(nvmlReturn_t code) { return code == NVML_ERROR_GPU_IS_LOST ? "GPU is lost" : "it failed"; }
nvmlReturn_t nvmlSystemGetDriverVersion(char* text, unsigned length) {
  const char* version = std::getenv("FAKE_NVML_DRIVER");
  std::snprintf(text, length, "%s", version ? version : "580.65.06");
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
  const bool card = std::strncmp(uuid, "GPU-fake-", 9) == 0, slice = std::strncmp(uuid, "MIG-fake-", 9) == 0;
  const int index = uuid[0] != '\0' && (card || slice) ? uuid[9] - '0' : -1;
  if (card ? index < 0 || index > 1 : index < 2 || index > 3) return NVML_ERROR_NOT_FOUND;
  *device = handle(index);
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char* text, unsigned length) {
  static const char* const names[] = {"NVIDIA GeForce RTX 3060", "NVIDIA A100-SXM4-40GB",
                                      "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "NVIDIA A100-SXM4-40GB MIG 3g.20gb"};
  std::snprintf(text, length, "%s", names[index_of(device)]);
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char* text, unsigned length) {
  std::snprintf(text, length, index_of(device) < 2 ? "GPU-fake-%d" : "MIG-fake-%d", index_of(device));
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t* memory) {
  if (mode("shared_memory")) return NVML_ERROR_NOT_SUPPORTED;
  static const unsigned long long totals[] = {12'000'000'000, 42'000'000'000, 5'000'000'000, 20'000'000'000};
  memory->total = totals[index_of(device)];
  memory->used = 2'000'000'000ull;
  if (const char* path = std::getenv("FAKE_NVML_FREE"); path && index_of(device) == 0) {
    std::FILE* file = std::fopen(path, "r");
    unsigned long long free = 0;
    if (file && std::fscanf(file, "%llu", &free) == 1) memory->used = memory->total - free;
    if (file) std::fclose(file);
  }
  memory->free = memory->total - memory->used;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int* major, int* minor) {
  *major = 8;
  *minor = index_of(device) == 0 ? 6 : 0;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t, nvmlUtilization_t* utilization) {
  if (mode("no_utilization")) return NVML_ERROR_NOT_SUPPORTED;
  utilization->gpu = 42;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t, nvmlTemperatureSensors_t, unsigned* celsius) {
  if (mode("no_utilization")) return NVML_ERROR_NOT_SUPPORTED;
  *celsius = 61;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t, unsigned* milliwatt) {
  if (mode("no_utilization")) return NVML_ERROR_NOT_SUPPORTED;
  *milliwatt = 170500;
  return NVML_SUCCESS;
}
#ifndef FAKE_OLD_NVML
nvmlReturn_t nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t, unsigned* generation) {
  *generation = 4;
  return mode("mute") ? NVML_ERROR_NOT_SUPPORTED : NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMaxPcieLinkWidth(nvmlDevice_t device, unsigned* width) {
  *width = index_of(device) == 0 ? 8 : 16;
  return mode("mute") ? NVML_ERROR_NOT_SUPPORTED : NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t* info) {
  std::snprintf(info->busId, sizeof info->busId, "0000FA0E:0%d:00.0",
                index_of(device) + 1);  // a bus that no machine has
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetNvLinkState(nvmlDevice_t device, unsigned link, nvmlEnableState_t* active) {
  if (index_of(device) == 0 || link > 11) return NVML_ERROR_NOT_SUPPORTED;
  *active = link == 5 ? NVML_FEATURE_DISABLED : NVML_FEATURE_ENABLED;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned* current, unsigned* pending) {
  if (index_of(device) == 0) return NVML_ERROR_NOT_SUPPORTED;
  *current = *pending = mode("mig") ? NVML_DEVICE_MIG_ENABLE : NVML_DEVICE_MIG_DISABLE;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t, unsigned* count) {
  *count = 7;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t, unsigned index, nvmlDevice_t* slice) {
  if (index != 0 && index != 2) return NVML_ERROR_NOT_FOUND;
  *slice = handle(index == 0 ? 2 : 3);
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t slice, unsigned* id) {
  *id = static_cast<unsigned>(index_of(slice));
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetComputeInstanceId(nvmlDevice_t, unsigned* id) {
  *id = 0;
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned* count, nvmlProcessInfo_t* infos) {
  if (mode("mute")) return NVML_ERROR_NO_PERMISSION;
  const unsigned running = index_of(device) != 0 ? 0 : mode("busy") ? 100 : 1;
  const unsigned room = *count;
  *count = running;
  if (room < running) return NVML_ERROR_INSUFFICIENT_SIZE;
  for (unsigned i = 0; i < running; ++i) infos[i] = {4242 + i, 1'500'000'000, ~0u, ~0u};
  return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t device, unsigned* count, nvmlProcessInfo_t* infos) {
  if (mode("mute")) return NVML_ERROR_NO_PERMISSION;
  *count = index_of(device) == 0 ? 2 : 0;
  if (*count == 0) return NVML_SUCCESS;
  infos[0] = {4242, static_cast<unsigned long long>(NVML_VALUE_NOT_AVAILABLE), ~0u, ~0u};
  infos[1] = {77, static_cast<unsigned long long>(NVML_VALUE_NOT_AVAILABLE), ~0u, ~0u};
  return NVML_SUCCESS;
}
#endif
}
