#include "checkpoint/wrapper_names.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace tlaunch {
namespace {

// Nothing but a wrapper has a name like these.
constexpr std::string_view anywhere[] = {"_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.",
                                         "_forward_module."};
// A model's own parts can have these; before all names they say nothing.
constexpr std::string_view before_all[] = {"module.", "model."};

std::string without(const std::string& name, std::string_view part) {
  std::string shorter;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t end = std::min(name.find('.', at), name.size() - 1) + 1;
    const std::string_view piece = std::string_view(name).substr(at, end - at);
    if (piece != part) shorter += piece;
    at = end;
  }
  return shorter;
}

bool all_differ(const std::vector<std::string>& names) {
  return std::set<std::string_view>(names.begin(), names.end()).size() == names.size() &&
         std::find(names.begin(), names.end(), "") == names.end();
}

}  // namespace

UnwrappedNames without_wrappers(std::vector<std::string> names) {
  UnwrappedNames result{std::move(names), {}};
  const auto take_off = [&](std::string_view part, std::vector<std::string> shorter) {
    if (shorter == result.names || !all_differ(shorter)) return false;
    result.names = std::move(shorter);
    if (std::find(result.taken_off.begin(), result.taken_off.end(), part) == result.taken_off.end())
      result.taken_off.emplace_back(part);
    return true;
  };
  for (const std::string_view part : anywhere) {
    std::vector<std::string> shorter;
    for (const std::string& name : result.names) shorter.push_back(without(name, part));
    take_off(part, std::move(shorter));
  }
  for (bool changed = !result.names.empty(); changed;) {
    changed = false;
    for (const std::string_view part : before_all) {
      const auto has_it = [&](const std::string& name) { return name.starts_with(part); };
      if (!std::all_of(result.names.begin(), result.names.end(), has_it)) continue;
      std::vector<std::string> shorter;
      for (const std::string& name : result.names) shorter.push_back(name.substr(part.size()));
      changed = take_off(part, std::move(shorter)) || changed;
    }
  }
  return result;
}

std::string count_of_average(const std::vector<std::string>& names) {
  constexpr const char* count = "n_averaged";
  const auto fits = [&](const std::string& name) { return name == count || name.starts_with("module."); };
  const bool has_it = std::find(names.begin(), names.end(), count) != names.end();
  return has_it && names.size() > 1 && std::all_of(names.begin(), names.end(), fits) ? count : "";
}

std::vector<std::string> names_in_file(const std::vector<std::string>& held, const std::vector<std::string>& wanted) {
  const std::vector<std::string> held_bare = without_wrappers(held).names, bare = without_wrappers(wanted).names;
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < held.size(); ++i) places.emplace(held_bare[i], i);
  if (places.size() != wanted.size()) return wanted;
  std::vector<std::string> names;
  for (const std::string& name : bare) {
    const auto found = places.find(name);
    if (found == places.end()) return wanted;
    names.push_back(held[found->second]);
  }
  return names;
}

}  // namespace tlaunch
