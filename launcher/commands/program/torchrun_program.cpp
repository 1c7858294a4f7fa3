#include "launcher/commands/program/torchrun_program.h"

#include <limits>
#include <set>
#include <sstream>

#include "base/text.h"
#include "base/whole_number.h"
#include "launcher/cli/command_parse.h"
#include "launcher/cli/torchrun_alias.h"

namespace tlaunch {
namespace {

int port_number(const std::string& option, const std::string& value) {
  const auto port = whole_number(value, 0, 65535);
  if (!port) refuse_torchrun(option, value, "expected a port from 0 (any free one) to 65535");
  return static_cast<int>(*port);
}

// Whether the rendezvous is static, torchrun's default: the ranks meet at --master-addr and --master-port.
bool is_static(const TorchrunValues& values) {
  const std::string backend = torchrun_value(values, "rdzv-backend");
  return !values.contains("standalone") && (backend.empty() || backend == "static");
}

// Sets MASTER_ADDR and MASTER_PORT as torchrun does.
void apply_meeting(const TorchrunValues& values, ProgramCommand& command) {
  if (const std::string id = torchrun_value(values, "rdzv-id"); !id.empty()) command.run_id = id;
  if (values.contains("standalone")) command.run_id.clear();
  if (!is_static(values)) {
    command.master_address = torchrun_host(torchrun_value(values, "local-addr"));
    return;
  }
  const std::string endpoint = torchrun_value(values, "rdzv-endpoint");
  if (endpoint.empty()) {
    command.master_address =
        torchrun_host(torchrun_value(values, "master-addr"));  // an IPv6 address may stand in brackets
    const std::string port = torchrun_value(values, "master-port");
    if (!port.empty()) command.master_port = port_number("master-port", port);
    return;
  }
  command.master_address = torchrun_host(endpoint);
  const std::size_t colon = endpoint.rfind(':');
  if (colon != std::string::npos && endpoint.find(']', colon) == std::string::npos &&
      torchrun_host(endpoint) != endpoint)
    command.master_port = port_number("rdzv-endpoint", endpoint.substr(colon + 1));
}

void apply_logs(const TorchrunValues& values, ProgramCommand& command) {
  if (const std::string folder = torchrun_value(values, "log-dir"); folder != "/dev/null")
    command.log_dir = expanded_path("--log-dir", folder);
  if (const std::string text = torchrun_value(values, "redirects"); !text.empty())
    command.redirects = parse_stream_choice("--redirects", text);
  if (const std::string text = torchrun_value(values, "tee"); !text.empty())
    command.tee = parse_stream_choice("--tee", text);
  const std::string ranks = torchrun_value(values, "local-ranks-filter");
  std::istringstream list(ranks);
  for (std::string item; std::getline(list, item, ',');) {
    const auto rank = whole_number(item, 0, std::numeric_limits<int>::max());
    if (!rank) refuse_torchrun("local-ranks-filter", ranks, "expected local ranks, as 0,2");
    command.shown_ranks.insert(static_cast<int>(*rank));
  }
}

void apply_signals(const TorchrunValues& values, ProgramCommand& command) {
  const std::string text = torchrun_value(values, "signals-to-handle");
  if (text.empty()) return;
  static const std::set<std::string> handled = {"SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1"};
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ',');) {
    if (!handled.contains(name))
      refuse_torchrun(
          "signals-to-handle", text,
          format_text("{} is not supported; SIGTERM, SIGINT and SIGHUP stop the ranks, SIGUSR1 is passed on",
                      quoted(name)));
  }
  command.signals_to_handle = text;
}

void refuse_foreign_parts(const TorchrunValues& values) {
  for (const auto& [option, value] : values) {
    if (option == "event-log-handler" && value != "null")
      refuse_torchrun(option, value, "tlaunch does not write torchelastic events; leave the option out");
    if (option == "logs-specs" && value != "default")
      refuse_torchrun(
          option, value,
          "tlaunch does not load Python classes; use --log-dir, --redirects and --tee, or --logs-specs default");
    if (option.starts_with("duplicate-") && !value.empty())
      refuse_torchrun(option, value, "tlaunch does not filter output; use --log-dir and search the log files");
  }
}

}  // namespace

void apply_torchrun(const TorchrunValues& values, ProgramCommand& command) {
  check_torchrun(values);
  if (!command.max_restarts) command.max_restarts = torchrun_restarts(values);
  refuse_foreign_parts(values);
  if (const std::string per_node = torchrun_value(values, "nproc-per-node"); !per_node.empty() && !command.nproc) {
    command.nproc = per_node;
    command.nproc_as_torchrun = true;
  }
  if (const std::string role = torchrun_value(values, "role"); !role.empty()) command.role = role;
  command.virtual_local_rank = values.contains("virtual-local-rank");
  apply_meeting(values, command);
  apply_logs(values, command);
  apply_signals(values, command);
}

}  // namespace tlaunch
