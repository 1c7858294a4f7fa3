#include "trainer/report/profile_table.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace tlaunch {
namespace {

struct Row {
  std::string name;
  double own_ms = 0;
  std::int64_t calls = 0;
};

// Adds each operation's time to its name, minus the time of the operations within it on the same thread.
void add_own_times(std::vector<ProfiledOp> ops, std::map<std::string, Row>& rows) {
  std::sort(ops.begin(), ops.end(), [](const ProfiledOp& a, const ProfiledOp& b) {
    if (a.thread != b.thread) return a.thread < b.thread;
    return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.end_ns > b.end_ns;
  });
  std::vector<const ProfiledOp*> open;
  for (const ProfiledOp& op : ops) {
    const double ms = 1e-6 * static_cast<double>(std::max<std::int64_t>(0, op.end_ns - op.start_ns));
    while (!open.empty() && (open.back()->thread != op.thread || open.back()->end_ns <= op.start_ns)) open.pop_back();
    if (!open.empty()) rows[open.back()->name].own_ms -= ms;
    Row& row = rows[op.name];
    row.name = op.name;
    row.own_ms += ms;
    ++row.calls;
    open.push_back(&op);
  }
}

std::string section(const char* where, const std::map<std::string, Row>& rows, std::int64_t steps, std::size_t most) {
  std::vector<Row> sorted;
  double all_ms = 0;
  for (const auto& [name, row] : rows) {
    sorted.push_back(row);
    all_ms += row.own_ms;
  }
  std::sort(sorted.begin(), sorted.end(), [](const Row& a, const Row& b) { return a.own_ms > b.own_ms; });
  if (sorted.size() > most) sorted.resize(most);
  const double n = static_cast<double>(std::max<std::int64_t>(1, steps));
  std::string text = format_text("{} time of {} steps\n{:>10} {:>7} {:>10}  {}\n", where, steps, "ms/step", "share",
                                 "calls/step", "operation");
  for (const Row& row : sorted)
    text += format_text("{:10.3f} {:6.1f}% {:10.1f}  {}\n", row.own_ms / n,
                        all_ms > 0 ? 100 * row.own_ms / all_ms : 0.0, static_cast<double>(row.calls) / n, row.name);
  return text;
}

}  // namespace

std::string profile_table(std::vector<ProfiledOp> ops, std::int64_t steps, std::size_t rows) {
  std::map<std::string, Row> host, device;
  std::vector<ProfiledOp> of_host;
  for (ProfiledOp& op : ops) {
    if (!op.on_device) {
      of_host.push_back(std::move(op));
      continue;
    }
    Row& row = device[op.name];
    row.name = op.name;
    row.own_ms += 1e-6 * static_cast<double>(op.end_ns - op.start_ns);
    ++row.calls;
  }
  add_own_times(std::move(of_host), host);
  std::string text = device.empty() ? "" : section("device", device, steps, rows) + "\n";
  return text + section("host", host, steps, rows);
}

}  // namespace tlaunch
