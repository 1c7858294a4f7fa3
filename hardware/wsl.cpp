#include "hardware/wsl.h"

#include <algorithm>
#include <cctype>

#include "base/units.h"

namespace tlaunch {

bool is_wsl2(const std::string& proc_version) {
  std::string text = proc_version;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  // WSL 1 imitates a kernel of the 4.4 line; WSL2's own kernels began with 4.19.
  return text.find("microsoft") != std::string::npos && !text.starts_with("linux version 4.4.");
}

std::vector<std::string> wsl_advice(const FileReader& read, bool gpu_visible, std::uint64_t memory_limit_bytes,
                                    const std::string& disk_type) {
  std::vector<std::string> lines;
  if (!gpu_visible) {
    lines.push_back(
        "WSL2: no GPU seen. The NVIDIA driver belongs on the Windows side (none inside Linux): check "
        "nvidia-smi.exe there, then run `wsl --update` and `wsl --shutdown` in Windows and start again");
    lines.push_back(read("/usr/lib/wsl/lib/libcuda.so")
                        ? "WSL2: /usr/lib/wsl/lib/libcuda.so is there, so Windows offers a GPU: look for a Linux "
                          "driver package or an LD_LIBRARY_PATH that hides it"
                        : "WSL2: /usr/lib/wsl/lib/libcuda.so is absent: Windows offers no GPU to this Linux");
  }
  lines.push_back("WSL2: Linux has " + format_bytes(memory_limit_bytes) +
                  " of memory, by default half of Windows' own; memory= under [wsl2] in %UserProfile%\\.wslconfig "
                  "changes it, after `wsl --shutdown`");
  if (disk_type == "drvfs") {
    lines.push_back(
        "WSL2: the run folder lies on a Windows drive, which Linux reads and writes slowly: keep runs and "
        "data under the Linux home folder");
  }
  return lines;
}

}  // namespace tlaunch
