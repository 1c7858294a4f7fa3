// Whether a host's name or address means this machine, asked without the network.
#pragma once

#include <string>

namespace tlaunch {

// The loopback names, this machine's own name (with or without its domain), and the addresses of its interfaces.
bool names_this_machine(const std::string& host);

// The name by which reports call this machine; "localhost" where it has none.
std::string host_name();

}  // namespace tlaunch
