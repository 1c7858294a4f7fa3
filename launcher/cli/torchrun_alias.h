// What torchrun's options mean on one machine, so that replacing the word torchrun in a script is enough. What cannot
// be honoured is a UsageError that says what to use.
#pragma once

#include "launcher/cli/torchrun_options.h"

namespace tlaunch {

// For our own workers: --nproc_per_node, where --nproc is not given; the rest is checked and has no effect.
void apply_torchrun(const TorchrunValues& values, std::optional<std::string>& nproc);

// What --max_restarts asks for; nothing where it is not given.
std::optional<std::int64_t> torchrun_restarts(const TorchrunValues& values);

// What --numa-binding asks for, as --numa has it; nothing where it is not given.
std::optional<std::string> torchrun_numa(const TorchrunValues& values);

// Throws UsageError for what asks for more than this machine, and for values that torchrun would refuse itself.
void check_torchrun(const TorchrunValues& values);

// "" where the option is not given.
std::string torchrun_value(const TorchrunValues& values, const std::string& name);

// Throws UsageError: the option with its value, and what is wrong.
[[noreturn]] void refuse_torchrun(const std::string& option, const std::string& value, const std::string& what);

// Of "HOST:PORT", "[::1]:PORT" or "HOST": without its port.
std::string torchrun_host(const std::string& endpoint);

}  // namespace tlaunch
