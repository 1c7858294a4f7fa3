#include "processes/group/loader_error.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace tlaunch {
namespace {

namespace fs = std::filesystem;

bool is_loaders(std::string_view text) {
  for (const char* begin : {"error while loading shared libraries: ", "symbol lookup error: ", "relocation error: "})
    if (text.starts_with(begin)) return true;
  const std::size_t version = text.find(": version `");
  return version != std::string_view::npos && text.find("' not found (required by ", version) != std::string_view::npos;
}

bool lies_in(const std::string& path, const std::string& search_path) {
  std::istringstream folders(search_path);
  const fs::path folder = fs::path(path).parent_path().lexically_normal();
  for (std::string each; std::getline(folders, each, ':');) {
    while (each.size() > 1 && each.ends_with('/')) each.pop_back();
    if (!each.empty() && fs::path(each).lexically_normal() == folder) return true;
  }
  return false;
}

// The paths among the words of the loader's line: "/a/libz.so.1: file too short".
std::vector<std::string> paths_in(const std::string& error) {
  std::vector<std::string> paths;
  std::istringstream words(error);
  for (std::string word; words >> word;) {
    if (!word.starts_with('/')) continue;
    while (word.ends_with(':') || word.ends_with(',') || word.ends_with(')')) word.pop_back();
    paths.push_back(word);
  }
  return paths;
}

}  // namespace

std::string loader_error_in(std::string_view output, const std::string& program) {
  std::istringstream lines{std::string(output)};
  const std::string begin = program + ": ";
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(begin)) continue;
    const std::string text = line.substr(begin.size());
    if (is_loaders(text)) return text;
  }
  return "";
}

std::vector<LoadedLibrary> libraries_in(std::string_view trace) {
  std::vector<LoadedLibrary> found;
  std::istringstream lines{std::string(trace)};
  for (std::string line; std::getline(lines, line);) {  // NAME => PATH (ADDRESS), PATH (ADDRESS), NAME => not found
    std::istringstream words(line);
    std::string name, arrow, path;
    words >> name >> arrow >> path;
    if (name.empty()) continue;
    if (arrow != "=>") path = name;
    found.push_back({name, path == "not" ? "" : path});
  }
  return found;
}

std::vector<std::string> libraries_from(const std::string& search_path, std::string_view trace,
                                        const std::string& error) {
  std::vector<std::string> all, named;
  const auto take = [&](const std::string& path, bool is_named) {
    if (path.empty() || !lies_in(path, search_path)) return;
    for (auto* list : {&all, &named})
      if ((list == &all || is_named) && std::find(list->begin(), list->end(), path) == list->end())
        list->push_back(path);
  };
  for (const std::string& path : paths_in(error)) take(path, true);
  for (const LoadedLibrary& library : libraries_in(trace))
    take(library.path, error.find(fs::path(library.name).filename().string()) != std::string::npos);
  return named.empty() ? all : named;
}

}  // namespace tlaunch
