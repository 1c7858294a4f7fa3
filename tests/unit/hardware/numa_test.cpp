#include "hardware/numa.h"

#include <gmock/gmock.h>

#include "fake_files.h"

namespace tlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string node_folder = "/sys/devices/system/node/";

TEST(Numa, ReadsKernelLists) {
  EXPECT_THAT(numbers_of_list("0-3,8,10-11\n", 64), ElementsAre(0, 1, 2, 3, 8, 10, 11));
  EXPECT_THAT(numbers_of_list("5", 64), ElementsAre(5));
  EXPECT_THAT(numbers_of_list("3,1,2-3", 64), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers_of_list("\n", 64), IsEmpty());
}

TEST(Numa, SkipsWhatIsNoNumberAndStopsAtTheLimit) {
  EXPECT_THAT(numbers_of_list("x,1,2-,-3,4-x,7-6,5", 64), ElementsAre(1, 5));
  EXPECT_THAT(numbers_of_list("0-2147483647,99999999999", 4), ElementsAre(0, 1, 2, 3));
}

TEST(Numa, WritesKernelLists) {
  for (const char* list : {"0-3,8,10-11", "5", "0,2,4", "7-8", ""})
    EXPECT_EQ(list_of_numbers(numbers_of_list(list, 64)), list);
}

TEST(Numa, NodesHaveTheCoresThatThisProcessMayUse) {
  const auto files = fake_files({{node_folder + "online", "0-1,8\n"},
                                 {node_folder + "node0/cpulist", "0-3,8-11\n"},
                                 {node_folder + "node1/cpulist", "4-7,12-15\n"},
                                 {node_folder + "node8/cpulist", "\n"}});  // memory only
  auto nodes = numa_nodes(files, {2, 3, 4, 9});
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0].id, 0);
  EXPECT_THAT(nodes[0].cores, ElementsAre(2, 3, 9));
  EXPECT_EQ(nodes[1].id, 1);
  EXPECT_THAT(nodes[1].cores, ElementsAre(4));
  nodes = numa_nodes(files, {13});
  ASSERT_EQ(nodes.size(), 1u);
  EXPECT_EQ(nodes[0].id, 1);
}

TEST(Numa, NoneWhereSysIsMissing) {
  EXPECT_THAT(numa_nodes(fake_files({}), {0, 1}), IsEmpty());
  EXPECT_THAT(numa_nodes(fake_files({{node_folder + "online", "0-3\n"}}), {0, 1}), IsEmpty());
}

TEST(Numa, ACardIsNearTheNodeThatTheKernelNames) {
  const auto files = fake_files({{"/sys/bus/pci/devices/0000:3b:00.0/numa_node", "1\n"},
                                 {"/sys/bus/pci/devices/10000:01:00.0/numa_node", "3\n"},
                                 {"/sys/bus/pci/devices/0000:af:00.0/numa_node", "-1\n"}});
  EXPECT_EQ(pci_numa_node(files, "00000000:3B:00.0"), 1);
  EXPECT_EQ(pci_numa_node(files, "10000:01:00.0"), 3);  // a domain of its own
  EXPECT_EQ(pci_numa_node(files, "00000000:AF:00.0"), std::nullopt);
  EXPECT_EQ(pci_numa_node(files, "00000000:00:00.0"), std::nullopt);
  EXPECT_EQ(pci_numa_node(files, ""), std::nullopt);
}

}  // namespace
}  // namespace tlaunch
