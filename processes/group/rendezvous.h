// A TCP port for the rendezvous of the ranks of a group on this machine, chosen without a race: the kernel picks a free
// one, and it stays ours until the object is destroyed.
#pragma once

#include "base/descriptor.h"

namespace tlaunch {

struct Rendezvous {
  Descriptor socket;
  int port = 0;
  Descriptor claim = {};  // keeps another tlaunch from using the same port
};

inline constexpr const char* loopback_address = "127.0.0.1";

// For our own workers: bound to the loopback address and listening. Rank 0 inherits the descriptor, and its store
// serves on it (GroupSpec::store_fd). Throws IoError.
Rendezvous listen_on_loopback();

// For programs that open MASTER_PORT themselves: bound on all addresses, never listening, with SO_REUSEADDR. The kernel
// does not give the port to a program that asks for any port, but lets a program bind it by number (with SO_REUSEADDR,
// as torch.distributed's store does). Throws IoError.
Rendezvous hold_port();

// The same for a port that the user names. Throws UsageError if a program listens on it or another tlaunch holds it.
Rendezvous hold_port(int port);

}  // namespace tlaunch
