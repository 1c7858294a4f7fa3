// The meaning of torchrun's options on one machine, so that replacing the word torchrun in a script is enough. An
// option that cannot be honoured is a UsageError with the option to use instead.
#pragma once

#include "launcher/cli/torchrun_options.h"

namespace tlaunch {

// For a run of a config: sets `nproc` from --nproc_per_node if --nproc is not given; the other options are checked and
// have no effect.
void apply_torchrun(const TorchrunValues& values, std::optional<std::string>& nproc);

// The value of --max_restarts; nothing if it is not given.
std::optional<std::int64_t> torchrun_restarts(const TorchrunValues& values);

// The value of --numa-binding in the words of --numa; nothing if it is not given.
std::optional<std::string> torchrun_numa(const TorchrunValues& values);

// Throws UsageError for options that ask for more than this machine, and for values that torchrun itself would refuse.
void check_torchrun(const TorchrunValues& values);

// The value of an option; "" if it is not given.
std::string torchrun_value(const TorchrunValues& values, const std::string& name);

// Throws UsageError with the option, its value and what is wrong.
[[noreturn]] void refuse_torchrun(const std::string& option, const std::string& value, const std::string& what);

// The host in "HOST:PORT", "[::1]:PORT" or "HOST".
std::string torchrun_host(const std::string& endpoint);

}  // namespace tlaunch
