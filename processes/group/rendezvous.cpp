#include "processes/group/rendezvous.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace tlaunch {

namespace {

[[noreturn]] void fail(const char* what) {
  throw IoError(format_text("cannot {} for the rendezvous of the ranks: {}", what, std::strerror(errno)));
}

Descriptor reusable_socket() {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail("open a socket");
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return socket;
}

Rendezvous bind_any_port(in_addr_t address) {
  Rendezvous rendezvous{reusable_socket(), 0};
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(address);
  socklen_t size = sizeof name;
  if (::bind(rendezvous.socket.get(), reinterpret_cast<sockaddr*>(&name), size) != 0 ||
      ::getsockname(rendezvous.socket.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    fail("find a free port");
  }
  rendezvous.port = ntohs(name.sin_port);
  return rendezvous;
}

}  // namespace

Rendezvous listen_on_loopback() {
  Rendezvous rendezvous = bind_any_port(INADDR_LOOPBACK);
  if (::listen(rendezvous.socket.get(), SOMAXCONN) != 0) fail("listen on a port");
  return rendezvous;
}

Rendezvous hold_port() { return bind_any_port(INADDR_ANY); }

Rendezvous hold_port(int port) {
  const auto refuse = [&](const std::string& why) {
    throw UsageError(
        format_text("master port {}: {}. Name another port, or leave --master_port out "
                    "and tlaunch finds a free port",
                    port, why));
  };
  Rendezvous rendezvous{reusable_socket(), port, Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  if (!rendezvous.claim) fail("open a socket");
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_ANY);
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(rendezvous.socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0)
    refuse(std::strerror(errno));
  // Sockets that do not listen yet can share a port, so two launchers would both get it. A name in the abstract socket
  // space is unique, and it vanishes with its socket.
  sockaddr_un own{};
  own.sun_family = AF_UNIX;
  const std::string text = "tlaunch-port-" + std::to_string(port);
  text.copy(own.sun_path + 1, text.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (::bind(rendezvous.claim.get(), reinterpret_cast<sockaddr*>(&own), size) != 0) {
    if (errno != EADDRINUSE) fail("claim a port");
    refuse("another tlaunch holds it");
  }
  return rendezvous;
}

}  // namespace tlaunch
