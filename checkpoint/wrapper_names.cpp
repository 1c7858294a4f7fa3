#include "checkpoint/wrapper_names.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace tlaunch {
namespace {

// Only wrappers have names like these.
constexpr std::string_view anywhere[] = {"_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.",
                                         "_forward_module."};
// A model's own parts can have these names too. If all names begin with one, removing it loses nothing.
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

namespace {

using NameSet = std::set<std::string_view>;

// The prefix whose removal turns the most names into names of `wanted`; "" if two prefixes tie.
std::string prefix_before_wanted(const std::vector<std::string>& names, const NameSet& wanted) {
  std::map<std::string_view, std::size_t> votes;
  for (const std::string_view name : names) {
    if (wanted.contains(name)) continue;
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1))
      if (wanted.contains(name.substr(dot + 1))) ++votes[name.substr(0, dot + 1)];
  }
  std::string_view best;
  std::size_t most = 0;
  bool tie = false;
  for (const auto& [prefix, count] : votes) {
    tie = count == most || (tie && count < most);
    if (count > most) best = prefix, most = count;
  }
  return tie ? "" : std::string(best);
}

void take_off_prefix_before_wanted(UnwrappedNames& held, const NameSet& wanted) {
  const std::string prefix = prefix_before_wanted(held.names, wanted);
  if (prefix.empty()) return;
  std::vector<std::string> shorter;
  for (const std::string& name : held.names) {
    const std::string rest = name.starts_with(prefix) ? name.substr(prefix.size()) : "";
    shorter.push_back(wanted.contains(rest) ? rest : name);
  }
  if (!all_differ(shorter)) return;
  held.names = std::move(shorter);
  if (std::find(held.taken_off.begin(), held.taken_off.end(), prefix) == held.taken_off.end())
    held.taken_off.push_back(prefix);
}

}  // namespace

NamesInFile names_in_file(const std::vector<std::string>& held, const std::vector<std::string>& wanted) {
  const NameSet have(held.begin(), held.end());
  const auto is_there = [&](const std::string& name) { return have.contains(name); };
  const auto as_they_are = std::count_if(wanted.begin(), wanted.end(), is_there);
  const NamesInFile unchanged{wanted, {}};
  if (as_they_are == std::ssize(wanted)) return unchanged;

  std::vector<std::string> parameters = held;
  std::erase(parameters, count_of_average(held));
  UnwrappedNames bare = without_wrappers(parameters);
  const std::vector<std::string> bare_wanted = without_wrappers(wanted).names;
  take_off_prefix_before_wanted(bare, NameSet(bare_wanted.begin(), bare_wanted.end()));
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < parameters.size(); ++i) places.emplace(bare.names[i], i);
  NamesInFile found{wanted, bare.taken_off};
  std::ptrdiff_t fitting = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (const auto place = places.find(bare_wanted[i]); place != places.end()) {
      found.names[i] = parameters[place->second];
      ++fitting;
    }
  return fitting > as_they_are ? found : unchanged;
}

}  // namespace tlaunch
