// Whether a host's name or address is that of this machine.
#pragma once

#include <string>

namespace tlaunch {

// True for the loopback names, this machine's own name (with or without its domain), the addresses of its interfaces,
// and other names that have one of these addresses: /etc/hosts and the name server are asked, for at most 3 s. This
// forks, so call it while there are no other threads.
bool names_this_machine(const std::string& host);

// The name of this machine in reports; "localhost" if it has none.
std::string host_name();

}  // namespace tlaunch
