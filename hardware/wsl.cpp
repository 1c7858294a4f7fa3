#include "hardware/wsl.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "base/units.h"

namespace tlaunch {

bool is_wsl2(const std::string& proc_version) {
  std::string text = proc_version;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  // WSL 1 reports a kernel version 4.4; WSL2's own kernels began with 4.19.
  return text.find("microsoft") != std::string::npos && !text.starts_with("linux version 4.4.");
}

std::vector<std::string> wsl_advice(const FileReader& read, bool gpu_visible, std::uint64_t memory_limit_bytes,
                                    const std::string& disk_type) {
  std::vector<std::string> lines;
  if (!gpu_visible) {
    lines.push_back(
        "WSL2: no GPU found. The NVIDIA driver must be installed on the Windows side, not inside Linux: check "
        "nvidia-smi.exe there, then run `wsl --update` and `wsl --shutdown` in Windows and start again");
    lines.push_back(read("/usr/lib/wsl/lib/libcuda.so")
                        ? "WSL2: /usr/lib/wsl/lib/libcuda.so exists, so Windows offers a GPU: look for a Linux driver "
                          "package or an LD_LIBRARY_PATH that hides it"
                        : "WSL2: /usr/lib/wsl/lib/libcuda.so is missing: Windows offers no GPU to this Linux");
  }
  lines.push_back(format_text(
      "WSL2: Linux has {} of memory, by default half of Windows' own. To change it, set memory= under [wsl2] in "
      "%UserProfile%\\.wslconfig and run `wsl --shutdown`",
      format_bytes(memory_limit_bytes)));
  if (disk_type == "drvfs") {
    lines.push_back(
        "WSL2: the run folder is on a Windows drive, which Linux reads and writes slowly: keep runs and data under the "
        "Linux home folder");
  }
  return lines;
}

}  // namespace tlaunch
