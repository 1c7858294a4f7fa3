#include "launcher/group/this_machine.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

namespace tlaunch {
namespace {

std::string short_name(const std::string& host) { return host.substr(0, host.find('.')); }

std::string text_of(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address != nullptr && address->sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  } else if (address != nullptr && address->sa_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  }
  return text;
}

bool is_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

bool is_interface_address(const std::string& host) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return false;
  bool found = false;
  for (const ifaddrs* each = all; each != nullptr && !found; each = each->ifa_next)
    found = text_of(each->ifa_addr) == host;
  ::freeifaddrs(all);
  return found;
}

}  // namespace

std::string host_name() {
  char name[256] = "";
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

bool names_this_machine(const std::string& host) {
  if (host == "localhost" || host.starts_with("127.") || host == "::1" || host == "0.0.0.0" || host == "::")
    return true;
  if (is_address(host)) return is_interface_address(host);
  const std::string own = host_name();
  // A domain on one side only: the other says no more than the machine's own name.
  const bool one_is_short = host.find('.') == std::string::npos || own.find('.') == std::string::npos;
  return host == own || (one_is_short && short_name(host) == short_name(own));
}

}  // namespace tlaunch
