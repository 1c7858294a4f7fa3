#include "trainer/libtorch_version.h"

#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {

std::string version_in(std::string_view config) {
  constexpr std::string_view key = "TORCH_VERSION=";
  const std::size_t at = config.find(key);
  if (at == std::string_view::npos) return "";
  const std::string_view value = config.substr(at + key.size());
  return std::string(value.substr(0, value.find_first_of(", \n")));
}

void check_libtorch_version() {
  const std::string loaded = version_in(at::show_config());
  if (loaded.empty() || loaded == TORCH_VERSION) return;
  Dl_info library{};
  const bool known = ::dladdr(reinterpret_cast<const void*>(&at::show_config), &library) != 0;
  const std::string from = known && library.dli_fname != nullptr ? format_text(" from {}", library.dli_fname) : "";
  throw UsageError(format_text(
      "this worker was built with LibTorch {}, but LibTorch {} was loaded{}; unset LD_PRELOAD and LD_LIBRARY_PATH, or "
      "build the worker again",
      TORCH_VERSION, loaded, from));
}

}  // namespace tlaunch
