#include "launcher/estimate_command.h"

#include <cstdio>

#include "core/error.h"
#include "hardware/disk.h"

namespace tlaunch {
namespace {

int from_figures(const EstimateCommand& command) {
  const FiguresReport report = report_of(command.figures);
  const auto free_bytes = disk_info(".").free_bytes;
  const std::string text = command.json ? to_json(report, free_bytes).dump(2) + "\n" : to_text(report, free_bytes);
  std::fputs(text.c_str(), stdout);
  return exit_code::ok;
}

}  // namespace

int run_estimate(const EstimateCommand& command) {
  if (command.config.empty()) return from_figures(command);
  throw UsageError("not yet");
}

}  // namespace tlaunch
