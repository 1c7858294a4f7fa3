#include "processes/group/loaded_libtorch.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/environment.h"
#include "base/text.h"
#include "processes/group/loader_error.h"
#include "processes/guard/capture.h"

namespace tlaunch {
namespace {

constexpr double trace_limit_s = 20;

bool is_libtorch(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename();
  return name.starts_with("libtorch") || name.starts_with("libc10");
}

std::string variables() {
  std::vector<std::string> set;
  for (const char* name : {"LD_PRELOAD", "LD_LIBRARY_PATH"})
    if (const std::string value = environment_value(name).value_or(""); !value.empty())
      set.push_back(std::string(name) + "=" + value);
  return joined(set, ", ");
}

}  // namespace

std::vector<std::string> libtorch_in(std::string_view trace) {
  std::vector<std::string> found;
  for (const LoadedLibrary& library : libraries_in(trace))
    if (is_libtorch(library.name)) found.push_back(library.path.empty() ? library.name + ": not found" : library.path);
  return found;
}

std::string loader_advice(const std::string& program, const std::string& error) {
  const Captured trace = run_captured({"/usr/bin/env", "LD_TRACE_LOADED_OBJECTS=1", program}, trace_limit_s);
  const std::string search_path = environment_value("LD_LIBRARY_PATH").value_or("");
  const auto foreign = libraries_from(search_path, trace.out, error);
  if (!foreign.empty() && std::none_of(foreign.begin(), foreign.end(), is_libtorch))
    return format_text("LD_LIBRARY_PATH={} made it load {}: unset LD_LIBRARY_PATH, or remove that folder from it",
                       search_path, joined(foreign, ", "));
  const std::string all = joined(libtorch_in(trace.out), ", ");
  if (all.empty()) return "";
  const std::string set = variables();
  return format_text(
      "LibTorch was loaded from {}{}, but all of it must be the LibTorch that the worker was built with: "
      "{}rebuild the worker",
      all, set.empty() ? "" : " (" + set + ")", set.empty() ? "" : "unset these variables, or ");
}

}  // namespace tlaunch
