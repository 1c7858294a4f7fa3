#include "launcher/job/world_size.h"

#include "base/error.h"
#include "base/text.h"
#include "base/whole_number.h"
#include "config/rank_count.h"

namespace tlaunch {
namespace {

std::int64_t number_of_ranks(const std::string& nproc) {
  const auto number = whole_number(nproc, 1, most_ranks);
  if (!number)
    throw UsageError(format_text("--nproc (launch.nproc) takes a number from 1 to {}, auto, cpu or gpu, not {}",
                                 most_ranks, quoted(nproc)));
  return *number;
}

}  // namespace

World world_of(const std::string& nproc, const HardwareProfile& hardware, bool share_cards) {
  const auto gpus = static_cast<std::int64_t>(hardware.gpus.size());
  if (nproc == "auto") return gpus > 0 ? World{gpus, true} : World{1, false};
  if (nproc == "cpu") return {hardware.cpu.allowed_cores, false};
  if (nproc == "gpu") {
    if (gpus > 0) return {gpus, true};
    throw UsageError("--nproc gpu: no GPU is visible (see `tlaunch probe`); use --nproc N for the CPU");
  }
  const std::int64_t number = number_of_ranks(nproc);
  if (gpus == 0) return {number, false};
  if (number <= gpus || share_cards) return {number, true};
  throw UsageError(
      format_text("--nproc {}: only {} visible; ask for at most that many, or hide the GPUs (CUDA_VISIBLE_DEVICES=) to "
                  "train on the CPU",
                  nproc, gpus == 1 ? "1 GPU is" : format_text("{} GPUs are", gpus)));
}

std::int64_t program_ranks(const std::optional<std::string>& nproc, const HardwareProfile& hardware, bool as_torchrun) {
  if (!nproc) return 1;
  if (as_torchrun && *nproc == "auto" && hardware.gpus.empty()) return world_of("cpu", hardware).size;
  if (*nproc == "auto" || *nproc == "cpu" || *nproc == "gpu") return world_of(*nproc, hardware).size;
  return number_of_ranks(*nproc);
}

}  // namespace tlaunch
