#include "processes/group/this_machine.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "processes/guard/process_tree.h"

namespace tlaunch {
namespace {

constexpr double name_lookup_limit_s = 3;

// An IPv4 address mapped into IPv6 (::ffff:10.0.0.1) counts as the IPv4 address.
std::string bytes_of(const sockaddr* address) {
  if (address == nullptr) return "";
  if (address->sa_family == AF_INET)
    return {reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr), sizeof(in_addr)};
  if (address->sa_family != AF_INET6) return "";
  const in6_addr& six = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  const std::string bytes(reinterpret_cast<const char*>(&six), sizeof six);
  return IN6_IS_ADDR_V4MAPPED(&six) ? bytes.substr(12) : bytes;
}

// All of 127.0.0.0/8, ::1, and what stands for any address.
bool is_loopback_or_any(const std::string& bytes) {
  if (bytes.size() == sizeof(in_addr)) return bytes[0] == 127 || bytes == std::string(4, '\0');
  const std::string any(16, '\0');
  return bytes == any || bytes == any.substr(1) + '\1';
}

std::set<std::string> interface_addresses() {
  std::set<std::string> addresses;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return addresses;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) addresses.insert(bytes_of(each->ifa_addr));
  ::freeifaddrs(all);
  addresses.erase("");
  return addresses;
}

// Whether one of the addresses that `host` has is ours. `flags`: getaddrinfo(3)'s.
bool has_our_address(const std::string& host, int flags) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return false;
  const std::set<std::string> ours = interface_addresses();
  bool is_ours = false;
  for (const addrinfo* each = found; each != nullptr && !is_ours; each = each->ai_next) {
    const std::string bytes = bytes_of(each->ai_addr);
    is_ours = !bytes.empty() && (is_loopback_or_any(bytes) || ours.contains(bytes));
  }
  ::freeaddrinfo(found);
  return is_ours;
}

// A name server that does not answer would delay us by a minute. A process does the look-up, because a thread could not
// be left behind: we fork later.
bool is_ours_by_name(const std::string& host) {
  const pid_t parent = ::getpid(), pid = ::fork();
  if (pid < 0) return false;
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(::getppid() == parent && has_our_address(host, 0) ? 0 : 1);
  }
  if (const auto status = wait_for_child(pid, name_lookup_limit_s)) return *status == 0;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return false;
}

}  // namespace

std::string host_name() {
  char name[256] = "";
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

bool names_this_machine(const std::string& host) {
  if (host.empty()) return false;
  return host == "localhost" || host == host_name() || has_our_address(host, AI_NUMERICHOST) || is_ours_by_name(host);
}

}  // namespace tlaunch
