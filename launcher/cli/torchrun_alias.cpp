#include "launcher/cli/torchrun_alias.h"

#include <cstdlib>
#include <limits>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/whole_number.h"
#include "launcher/cli/command_parse.h"
#include "processes/group/this_machine.h"

namespace tlaunch {
namespace {

std::string value_of(const TorchrunValues& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

[[noreturn]] void refuse(const std::string& option, const std::string& value, const std::string& what) {
  throw UsageError("--" + option + " " + value + ": " + what);
}

// "HOST:PORT", "[::1]:PORT" or "HOST" without its port.
std::string host_of(const std::string& endpoint) {
  if (endpoint.starts_with("[")) return endpoint.substr(1, endpoint.find(']') - 1);
  const std::size_t colon = endpoint.rfind(':');
  return colon == std::string::npos || endpoint.find(':') != colon ? endpoint : endpoint.substr(0, colon);
}

int port_number(const std::string& option, const std::string& value) {
  const auto port = whole_number(value, 0, 65535);
  if (!port) refuse(option, value, "a port from 0 (any free one) to 65535 is needed");
  return static_cast<int>(*port);
}

bool standalone(const TorchrunValues& values) { return values.contains("standalone"); }

// Static rendezvous, torchrun's default: the ranks meet at --master-addr and --master-port themselves.
bool is_static(const TorchrunValues& values) {
  const std::string backend = value_of(values, "rdzv-backend");
  return !standalone(values) && (backend.empty() || backend == "static");
}

void check_one_machine(const TorchrunValues& values) {
  for (const auto& [option, value] : values) {
    if (option == "nnodes" && value != "1" && value != "1:1") {
      refuse(option, value,
             value.find(':') == std::string::npos
                 ? "this version runs on one machine; leave the option out"
                 : "this version runs on one machine, whose number of ranks is fixed; use --nnodes 1");
    }
    if (option == "node-rank" && value != "0")
      refuse(option, value, "this version runs on one machine; leave the option out");
    const bool names_host =
        option == "master-addr" || option == "local-addr" || (option == "rdzv-endpoint" && !standalone(values));
    if (names_host && !value.empty() && !names_this_machine(host_of(value)))
      refuse(option, value,
             "this version runs on one machine, and no address of this one has that name; leave the option out");
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

// What has no effect on one machine is a slip of the keyboard all the same where torchrun would refuse it.
void check_ineffective(const TorchrunValues& values) {
  static const std::set<std::string> methods = {"spawn", "fork", "forkserver"};
  for (const auto& [option, value] : values) {
    if (option == "rdzv-backend" && value != "static" && value != "c10d")
      refuse(option, value,
             "the ranks of one machine meet without a server such as etcd; leave the option out, or use "
             "c10d or static");
    if (option == "rdzv-conf" && !is_list_of_pairs(value)) refuse(option, value, "KEY=VALUE,KEY=VALUE is needed");
    if (option == "start-method" && !methods.contains(value))
      refuse(option, value, "spawn, fork or forkserver is needed");
    if (option == "monitor-interval" && !is_number(value)) refuse(option, value, "a number of seconds is needed");
  }
}

// The contract's address and port, as torchrun finds them.
void apply_meeting(const TorchrunValues& values, ProgramCommand& command) {
  if (const std::string id = value_of(values, "rdzv-id"); !id.empty()) command.run_id = id;
  if (standalone(values)) command.run_id.clear();
  if (!is_static(values)) {
    command.master_address = host_of(value_of(values, "local-addr"));
    return;
  }
  const std::string endpoint = value_of(values, "rdzv-endpoint");
  if (endpoint.empty()) {
    command.master_address = host_of(value_of(values, "master-addr"));  // an IPv6 address may stand in brackets
    const std::string port = value_of(values, "master-port");
    if (!port.empty()) command.master_port = port_number("master-port", port);
    return;
  }
  command.master_address = host_of(endpoint);
  const std::size_t colon = endpoint.rfind(':');
  if (colon != std::string::npos && endpoint.find(']', colon) == std::string::npos && host_of(endpoint) != endpoint)
    command.master_port = port_number("rdzv-endpoint", endpoint.substr(colon + 1));
}

void apply_logs(const TorchrunValues& values, ProgramCommand& command) {
  if (const std::string folder = value_of(values, "log-dir"); folder != "/dev/null")
    command.log_dir = expanded_path("--log-dir", folder);
  if (const std::string text = value_of(values, "redirects"); !text.empty())
    command.redirects = parse_stream_choice("--redirects", text);
  if (const std::string text = value_of(values, "tee"); !text.empty()) command.tee = parse_stream_choice("--tee", text);
  const std::string ranks = value_of(values, "local-ranks-filter");
  std::istringstream list(ranks);
  for (std::string item; std::getline(list, item, ',');) {
    const auto rank = whole_number(item, 0, std::numeric_limits<int>::max());
    if (!rank) refuse("local-ranks-filter", ranks, "local ranks are needed, as 0,2");
    command.shown_ranks.insert(static_cast<int>(*rank));
  }
}

void apply_signals(const TorchrunValues& values, ProgramCommand& command) {
  const std::string text = value_of(values, "signals-to-handle");
  if (text.empty()) return;
  static const std::set<std::string> handled = {"SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1"};
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ',');) {
    if (!handled.contains(name))
      refuse("signals-to-handle", text,
             name + " is not taken; SIGTERM, SIGINT and SIGHUP stop the ranks, SIGUSR1 is passed on");
  }
  command.signals_to_handle = text;
}

void refuse_foreign_parts(const TorchrunValues& values) {
  for (const auto& [option, value] : values) {
    if (option == "event-log-handler" && value != "null")
      refuse(option, value, "tlaunch writes no torchelastic events; leave the option out");
    if (option == "logs-specs" && value != "default")
      refuse(option, value,
             "tlaunch loads no Python of its own; use --log-dir, --redirects and --tee, or --logs-specs default");
    if (option.starts_with("duplicate-") && !value.empty())
      refuse(option, value, "not done by tlaunch; use --log-dir and search the log files");
  }
}

}  // namespace

void apply_torchrun(const TorchrunValues& values, std::optional<std::string>& nproc) {
  for (const TorchrunOption& option : torchrun_options()) {
    if (option.program_only && values.contains(option.name))
      throw UsageError("--" + option.name +
                       " is for plain programs; a run of a CONFIG.yaml keeps each rank's output in its own folder");
  }
  check_one_machine(values);
  check_ineffective(values);
  if (const std::string per_node = value_of(values, "nproc-per-node"); !per_node.empty() && !nproc) nproc = per_node;
}

std::optional<std::int64_t> torchrun_restarts(const TorchrunValues& values) {
  const std::string text = value_of(values, "max-restarts");
  if (text.empty()) return std::nullopt;
  const auto count = whole_number(text);
  if (!count) refuse("max-restarts", text, "a number of restarts is needed");
  return count;
}

std::optional<std::string> torchrun_numa(const TorchrunValues& values) {
  const std::string binding = value_of(values, "numa-binding");
  if (binding.empty()) return std::nullopt;
  if (binding != "node")
    refuse("numa-binding", binding,
           "ranks are kept to whole NUMA nodes only; use --numa-binding node, or leave it out and start "
           "the program under numactl or taskset");
  return binding;
}

void apply_torchrun(const TorchrunValues& values, ProgramCommand& command) {
  check_one_machine(values);
  check_ineffective(values);
  if (!command.max_restarts) command.max_restarts = torchrun_restarts(values);
  refuse_foreign_parts(values);
  if (const std::string per_node = value_of(values, "nproc-per-node"); !per_node.empty() && !command.nproc) {
    command.nproc = per_node;
    command.nproc_as_torchrun = true;
  }
  if (const std::string role = value_of(values, "role"); !role.empty()) command.role = role;
  command.virtual_local_rank = values.contains("virtual-local-rank");
  apply_meeting(values, command);
  apply_logs(values, command);
  apply_signals(values, command);
}

}  // namespace tlaunch
