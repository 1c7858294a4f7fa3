#include "launcher/cli/torchrun_alias.h"

#include <cstdlib>
#include <limits>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/text.h"
#include "base/whole_number.h"
#include "launcher/cli/command_parse.h"
#include "processes/group/this_machine.h"

namespace tlaunch {
namespace {

bool standalone(const TorchrunValues& values) { return values.contains("standalone"); }

void check_one_machine(const TorchrunValues& values) {
  for (const auto& [option, value] : values) {
    if (option == "nnodes" && value != "1" && value != "1:1") {
      refuse_torchrun(option, value,
                      value.find(':') == std::string::npos
                          ? "this version runs on one machine; leave the option out"
                          : "this version runs on one machine, whose number of ranks is fixed; use --nnodes 1");
    }
    if (option == "node-rank" && value != "0")
      refuse_torchrun(option, value, "this version runs on one machine; leave the option out");
    const bool names_host =
        option == "master-addr" || option == "local-addr" || (option == "rdzv-endpoint" && !standalone(values));
    if (names_host && !value.empty() && !names_this_machine(torchrun_host(value)))
      refuse_torchrun(
          option, value,
          "this version runs on one machine, and this name is not one of its addresses; leave the option out");
  }
}

bool is_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return end == text.c_str() + text.size();
}

// "KEY=VALUE,KEY=VALUE"
bool is_list_of_pairs(const std::string& text) {
  std::istringstream pairs(text);
  for (std::string pair; std::getline(pairs, pair, ',');)
    if (pair.find('=') == std::string::npos || pair.starts_with("=")) return false;
  return true;
}

// Options without an effect on one machine are refused if torchrun itself would refuse their values.
void check_ineffective(const TorchrunValues& values) {
  static const std::set<std::string> methods = {"spawn", "fork", "forkserver"};
  for (const auto& [option, value] : values) {
    if (option == "rdzv-backend" && value != "static" && value != "c10d")
      refuse_torchrun(option, value,
                      "the ranks of one machine meet without a server such as etcd; leave the option out, or use "
                      "c10d or static");
    if (option == "rdzv-conf" && !is_list_of_pairs(value))
      refuse_torchrun(option, value, "expected KEY=VALUE,KEY=VALUE");
    if (option == "start-method" && !methods.contains(value))
      refuse_torchrun(option, value, "expected spawn, fork or forkserver");
    if (option == "monitor-interval" && !is_number(value))
      refuse_torchrun(option, value, "expected a number of seconds");
  }
}

}  // namespace

std::string torchrun_value(const TorchrunValues& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

void refuse_torchrun(const std::string& option, const std::string& value, const std::string& what) {
  throw UsageError(format_text("--{} {}: {}", option, value, what));
}

std::string torchrun_host(const std::string& endpoint) {
  if (endpoint.starts_with("[")) return endpoint.substr(1, endpoint.find(']') - 1);
  const std::size_t colon = endpoint.rfind(':');
  return colon == std::string::npos || endpoint.find(':') != colon ? endpoint : endpoint.substr(0, colon);
}

void check_torchrun(const TorchrunValues& values) {
  check_one_machine(values);
  check_ineffective(values);
}

void apply_torchrun(const TorchrunValues& values, std::optional<std::string>& nproc) {
  static const std::set<std::string> of_output = {
      "log-dir", "redirects", "tee", "local-ranks-filter", "duplicate-stdout-filters", "duplicate-stderr-filters"};
  for (const TorchrunOption& option : torchrun_options()) {
    if (!option.program_only || !values.contains(option.name)) continue;
    const char* why = of_output.contains(option.name)
                          ? "; a run of a CONFIG.yaml writes each rank's output to logs/ in its run folder"
                          : "";
    throw UsageError(format_text("--{} is for plain programs: leave the option out{}", option.name, why));
  }
  check_torchrun(values);
  if (const std::string per_node = torchrun_value(values, "nproc-per-node"); !per_node.empty() && !nproc)
    nproc = per_node;
}

std::optional<std::int64_t> torchrun_restarts(const TorchrunValues& values) {
  const std::string text = torchrun_value(values, "max-restarts");
  if (text.empty()) return std::nullopt;
  const auto count = whole_number(text);
  if (!count) refuse_torchrun("max-restarts", text, "expected a number of restarts");
  return count;
}

std::optional<std::string> torchrun_numa(const TorchrunValues& values) {
  const std::string binding = torchrun_value(values, "numa-binding");
  if (binding.empty()) return std::nullopt;
  if (binding != "node")
    refuse_torchrun(
        "numa-binding", binding,
        "ranks can only be pinned to whole NUMA nodes; use --numa-binding node, or leave the option out and "
        "start the program with numactl or taskset");
  return binding;
}

}  // namespace tlaunch
