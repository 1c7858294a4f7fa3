#include "launcher/rendezvous.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/error.h"

namespace tlaunch {

namespace {

[[noreturn]] void fail(const char* what) {
  throw IoError(std::string("cannot ") + what + " for the ranks to meet: " + std::strerror(errno));
}

Rendezvous bind_any_port(in_addr_t address) {
  Rendezvous rendezvous{Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), 0};
  if (!rendezvous.socket) fail("open a socket");
  const int on = 1;
  ::setsockopt(rendezvous.socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
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

}  // namespace tlaunch
