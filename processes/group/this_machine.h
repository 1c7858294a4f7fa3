// Whether a host's name or address means this machine.
#pragma once

#include <string>

namespace tlaunch {

// The loopback names, this machine's own name (with or without its domain), the addresses of its interfaces, and other
// names that have one of these addresses: /etc/hosts and the name server are asked for 3 s at most. Forks for that:
// call it while there are no other threads.
bool names_this_machine(const std::string& host);

// The name by which reports call this machine; "localhost" where it has none.
std::string host_name();

}  // namespace tlaunch
