#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/units.h"
#include "launcher/commands/checkpoints/checkpoint_place.h"
#include "launcher/commands/checkpoints/checkpoints_command.h"
#include "launcher/narration/results.h"
#include "processes/output/clean_text.h"
#include "processes/output/console.h"

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

double age_s(const std::string& path) {
  std::error_code error;
  const auto written = fs::last_write_time(path, error);
  if (error) return 0;  // the file has just been deleted
  return std::chrono::duration<double>(fs::file_time_type::clock::now() - written).count();
}

std::string metric_text(const CheckpointInfo& checkpoint, const std::string& monitor) {
  const auto found = checkpoint.metrics.find(monitor);
  return found == checkpoint.metrics.end() ? "-" : format_text("{:.6g}", found->second);
}

Json to_json(const CheckpointInfo& checkpoint, const std::string& reason, double age) {
  Json metrics = Json::object();
  for (const auto& [name, value] : checkpoint.metrics) metrics[name] = value;
  Json json = {
      {"path", checkpoint.path},   {"step", checkpoint.step},   {"epoch", checkpoint.epoch}, {"metrics", metrics},
      {"bytes", checkpoint.bytes}, {"valid", checkpoint.valid}, {"kept_because", reason},    {"age_s", age}};
  if (!checkpoint.valid) json["reason"] = clean_text(checkpoint.reason);
  return without_nonfinite(json);
}

}  // namespace

std::string checkpoint_table(const std::vector<CheckpointInfo>& checkpoints, const std::vector<std::string>& reasons,
                             const std::vector<double>& ages_s, const std::string& monitor, bool colour) {
  constexpr std::size_t columns = 8, numbers = 5;  // the first five are aligned to the right
  using Row = std::array<std::string, columns>;
  std::vector<Row> rows{{"step", "epoch", monitor, "size", "age", "valid", "kept because", "file"}};
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    const CheckpointInfo& each = checkpoints[i];
    rows.push_back({each.valid ? std::to_string(each.step) : "-", each.valid ? std::to_string(each.epoch) : "-",
                    metric_text(each, monitor), format_bytes(each.bytes), format_duration(ages_s[i]),
                    each.valid ? "yes" : "no", reasons[i].empty() ? "-" : reasons[i],
                    clean_text(fs::path(each.path).filename().string())});
  }
  std::array<std::size_t, columns> widths{};
  for (const Row& row : rows)
    for (std::size_t c = 0; c < columns; ++c) widths[c] = std::max(widths[c], row[c].size());
  std::string table;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const bool damaged = r > 0 && !checkpoints[r - 1].valid;
    if (colour && (r == 0 || damaged)) table += r == 0 ? "\x1b[1m" : "\x1b[31m";
    for (std::size_t c = 0; c < columns; ++c) {
      const std::string padding(widths[c] - rows[r][c].size(), ' ');
      table += c < numbers ? padding + rows[r][c] : rows[r][c];
      if (c + 1 < columns) table += (c < numbers ? "" : padding) + "  ";
    }
    if (colour && (r == 0 || damaged)) table += "\x1b[0m";
    table += "\n";
  }
  return table;
}

int list_command(const CheckpointsCommand& command) {
  const CheckpointPlace place = find_checkpoints(command.path, {});
  const auto checkpoints = list_checkpoints(place.folder);
  const auto reasons = kept_because(checkpoints, place);
  std::vector<double> ages_s;
  for (const CheckpointInfo& each : checkpoints) ages_s.push_back(age_s(each.path));
  if (command.json) {
    Json all = Json::array();
    for (std::size_t i = 0; i < checkpoints.size(); ++i) all.push_back(to_json(checkpoints[i], reasons[i], ages_s[i]));
    print_results(text_of(all, 2) + "\n");
    return exit_code::ok;
  }
  if (checkpoints.empty()) {
    print_results(format_text("no checkpoints in {}\n", place.folder));
    return exit_code::ok;
  }
  const bool colour = Console(STDOUT_FILENO).colour();
  std::string text = checkpoint_table(checkpoints, reasons, ages_s, place.policy.monitor, colour);
  std::uint64_t bytes = 0;
  for (const CheckpointInfo& each : checkpoints) {
    bytes += each.bytes;
    if (!each.valid) text += clean_text(each.reason) + "\n";
  }
  text += format_text("{}, {} in {}\n", format_number_of(static_cast<std::int64_t>(checkpoints.size()), "checkpoint"),
                      format_bytes(bytes), place.folder);
  print_results(text);
  return exit_code::ok;
}

}  // namespace tlaunch
