#include "launcher/group/loaded_libtorch.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "launcher/group/capture.h"

namespace tlaunch {
namespace {

constexpr double trace_limit_s = 20;

bool is_libtorch(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename();
  return name.starts_with("libtorch") || name.starts_with("libc10");
}

std::string variables() {
  std::string text;
  for (const char* name : {"LD_PRELOAD", "LD_LIBRARY_PATH"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0')
      text += (text.empty() ? "" : ", ") + std::string(name) + "=" + value;
  return text;
}

}  // namespace

std::vector<std::string> libtorch_in(std::string_view trace) {
  std::vector<std::string> found;
  std::istringstream lines{std::string(trace)};
  for (std::string line; std::getline(lines, line);) {  // NAME => PATH (ADDRESS), PATH (ADDRESS), NAME => not found
    std::istringstream words(line);
    std::string name, arrow, path;
    words >> name >> arrow >> path;
    if (arrow != "=>") path = name;
    if (!is_libtorch(name)) continue;
    found.push_back(path == "not" ? name + ": not found" : path);
  }
  return found;
}

std::string libtorch_advice(const std::string& program) {
  const Captured trace = run_captured({"/usr/bin/env", "LD_TRACE_LOADED_OBJECTS=1", program}, trace_limit_s);
  std::string all;
  for (const std::string& each : libtorch_in(trace.out)) all += (all.empty() ? "" : ", ") + each;
  if (all.empty()) return "";
  const std::string set = variables();
  return "LibTorch was loaded from " + all + (set.empty() ? "" : " (" + set + ")") +
         "; all of it must be the one that the worker was built with: " +
         (set.empty() ? "build the worker anew" : "unset these variables, or build the worker anew");
}

}  // namespace tlaunch
