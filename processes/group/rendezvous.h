// A TCP port on which the ranks of a group on this machine meet, chosen without a race: the kernel picks a free one and
// it stays ours until the object goes.
#pragma once

#include "base/descriptor.h"

namespace tlaunch {

struct Rendezvous {
  Descriptor socket;
  int port = 0;
  Descriptor claim = {};  // what another tlaunch that is told the same port runs into
};

inline constexpr const char* loopback_address = "127.0.0.1";

// For our own workers: bound to the loopback address and listening. The descriptor itself is handed to rank 0, whose
// store serves on it (GroupSpec::store_fd). Throws IoError.
Rendezvous listen_on_loopback();

// For programs that open MASTER_PORT themselves: bound on all addresses, never listening, with SO_REUSEADDR. The kernel
// gives the port to no one who asks for any port, but lets a program bind it by number (with SO_REUSEADDR, as
// torch.distributed's store does). Throws IoError.
Rendezvous hold_port();

// The same for a port that the user names. Throws UsageError where a program listens on it or another tlaunch holds it.
Rendezvous hold_port(int port);

}  // namespace tlaunch
