// torchrun's spellings, so that replacing the word torchrun in a script for one machine is enough. Pure.
#pragma once

#include <string>
#include <vector>

namespace tlaunch {

// `arguments` (those before the program) with torchrun's options put into ours: --nproc_per_node becomes --nproc, and
// what one machine does not need (--standalone, --nnodes 1, --node_rank 0, the address and port of the rendezvous,
// which tlaunch chooses itself) is left out. Throws UsageError for what asks for more than one machine or for restarts.
std::vector<std::string> translate_torchrun(const std::vector<std::string>& arguments);

// Whether `option` (without "=value") is one that torchrun follows by a value and that translate_torchrun knows.
bool torchrun_option_takes_value(const std::string& option);

// Whether it is one of torchrun's options without a value that translate_torchrun knows.
bool is_torchrun_flag(const std::string& option);

}  // namespace tlaunch
