#include "processes/group/this_machine.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/descriptor.h"
#include "tests/support/small_disk.h"

namespace tlaunch {
namespace {

TEST(ThisMachine, IsNamedByItsNamesAndAddresses) {
  for (const std::string& name :
       {std::string("localhost"), std::string("127.0.0.1"), std::string("127.0.1.1"), std::string("::1"),
        std::string("0:0:0:0:0:0:0:1"), std::string("::ffff:127.0.0.1"), std::string("0.0.0.0"), host_name()})
    EXPECT_TRUE(names_this_machine(name)) << name;
  for (const char* name : {"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "some-other-machine.invalid", ""})
    EXPECT_FALSE(names_this_machine(name)) << name;
}

TEST(ThisMachine, IsNamedByEachAddressOfItsInterfaces) {
  ifaddrs* all = nullptr;
  ASSERT_EQ(::getifaddrs(&all), 0);
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    char text[INET_ADDRSTRLEN];
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr, text, sizeof text);
    EXPECT_TRUE(names_this_machine(text)) << text;
    EXPECT_TRUE(names_this_machine(std::string("::ffff:") + text)) << text;
  }
  ::freeifaddrs(all);
}

// Runs in a separate process whose /etc/FILE has that content; empty if that is not allowed here.
std::optional<int> with_file(const std::string& file, const std::string& text, const std::function<int()>& body) {
  const test::TempDir folder;
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (!test::mount_small_disk(folder.path(), "size=64k")) ::_exit(99);
    test::write(folder / "file", text);
    if (::mount((folder / "file").c_str(), ("/etc/" + file).c_str(), nullptr, MS_BIND, nullptr) != 0) ::_exit(99);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return code == 99 ? std::nullopt : std::optional(code);
}

TEST(ThisMachine, IsNamedByWhatTheHostsFileSays) {
  const std::string hosts =
      "127.0.0.1 localhost\n127.0.1.1 node7.cluster.example node7-alias\n::1 six\n192.0.2.7 elsewhere\n";
  const auto code = with_file("hosts", hosts, [] {
    return (names_this_machine("node7-alias") ? 0 : 1) + (names_this_machine("node7.cluster.example") ? 0 : 2) +
           (names_this_machine("six") ? 0 : 4) + (names_this_machine("elsewhere") ? 8 : 0);
  });
  if (!code) GTEST_SKIP() << "mounting is not allowed here";
  EXPECT_EQ(*code, 0);
}

TEST(ThisMachine, IsNotWaitedForWhereTheNameServerIsSilent) {
  const Descriptor server(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));  // takes questions, answers none
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(53);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 52);  // 127.0.0.53
  if (::bind(server.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0)
    GTEST_SKIP() << "port 53 may not be used here";
  const auto code = with_file("resolv.conf", "nameserver 127.0.0.53\noptions timeout:30 attempts:5\n", [] {
    const double start_s = monotonic_s();
    const bool found = names_this_machine("a-name-that-is-asked-for.example.org");
    const double took_s = monotonic_s() - start_s;
    return found ? 1 : took_s < 1 ? 98 : took_s > 10 ? 2 : 0;
  });
  if (!code || *code == 98) GTEST_SKIP() << "the name server cannot be replaced here";
  EXPECT_EQ(*code, 0);
}

}  // namespace
}  // namespace tlaunch
