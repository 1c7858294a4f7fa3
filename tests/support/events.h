// What a run has told in its events.jsonl.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/support/temp_dir.h"

namespace tlaunch::test {

// The events of one name in the run's folder, in their order. Throws where a line is no JSON.
inline std::vector<Json> events_of(const std::filesystem::path& run, const std::string& name) {
  std::vector<Json> found;
  std::istringstream lines(content(run / "events.jsonl"));
  for (std::string line; std::getline(lines, line);)
    if (auto event = Json::parse(line); event["event"] == name) found.push_back(std::move(event));
  return found;
}

}  // namespace tlaunch::test
