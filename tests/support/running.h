// A run at work: waiting for what it tells, finding its processes.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "tests/support/events.h"
#include "tests/support/run_tlaunch.h"

namespace tlaunch::test {

// Polls until `holds`; false after 60 s.
inline bool wait_until(const std::function<bool()>& holds) {
  using Clock = std::chrono::steady_clock;
  for (const auto end = Clock::now() + std::chrono::seconds(60); Clock::now() < end;
       std::this_thread::sleep_for(std::chrono::milliseconds(5)))
    if (holds()) return true;
  return false;
}

// Until `wanted` holds for an event in the run's events.jsonl; false after 60 s.
inline bool wait_for_event(const fs::path& run, const std::function<bool(const Json&)>& wanted) {
  return wait_until([&] {
    std::istringstream lines(content(run / "events.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const auto event = Json::parse(line, nullptr, false);
      if (!event.is_discarded() && wanted(event)) return true;
    }
    return false;
  });
}
inline bool wait_for_event(const fs::path& run, const std::string& name) {
  return wait_for_event(run, [&](const Json& event) { return event["event"] == name; });
}

// Live processes whose environment names this run folder.
inline std::vector<pid_t> workers_of(const fs::path& run) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto environment = content(entry.path() / "environ");
    if (environment.find("TLAUNCH_RUN_DIR=" + run.string() + '\0') != std::string::npos)
      found.push_back(std::stoi(name));
  }
  return found;
}

}  // namespace tlaunch::test
