#include <gmock/gmock.h>

#include "hardware/gpu_probe.h"

namespace tlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

GpuInfo card(const std::string& name, const std::string& uuid) {
  GpuInfo gpu;
  gpu.name = name;
  gpu.uuid = uuid;
  return gpu;
}

class VisibleGpus : public ::testing::Test {
 protected:
  std::vector<std::string> uuids(const std::optional<std::string>& visible, const std::string& order = "PCI_BUS_ID") {
    std::vector<std::string> result;
    for (const GpuInfo& gpu : visible_gpus(all, visible, order, notes)) result.push_back(gpu.uuid);
    return result;
  }
  std::vector<GpuInfo> all = {card("A100", "GPU-aa11"), card("A100", "GPU-aa22"), card("A100", "GPU-bb33")};
  std::vector<std::string> notes;
};

TEST_F(VisibleGpus, UnsetShowsAllAndEmptyNone) {
  EXPECT_THAT(uuids(std::nullopt), ElementsAre("GPU-aa11", "GPU-aa22", "GPU-bb33"));
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_THAT(uuids(""), IsEmpty());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("hides every card")));
}

TEST_F(VisibleGpus, IndicesKeepTheirOrder) { EXPECT_THAT(uuids("2, 0"), ElementsAre("GPU-bb33", "GPU-aa11")); }

TEST_F(VisibleGpus, UuidsMayBeShortenedButNotAmbiguous) {
  EXPECT_THAT(uuids("GPU-bb,GPU-aa2"), ElementsAre("GPU-bb33", "GPU-aa22"));
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_THAT(uuids("GPU-aa"), IsEmpty());
}

TEST_F(VisibleGpus, TheFirstThatNamesNoCardHidesTheRest) {
  EXPECT_THAT(uuids("1,7,0"), ElementsAre("GPU-aa22"));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("'7' names no card")));
  EXPECT_THAT(uuids("-1"), IsEmpty());
  EXPECT_THAT(uuids("NoDevFiles"), IsEmpty());
}

TEST_F(VisibleGpus, ARepeatedCardHidesAll) {
  EXPECT_THAT(uuids("0,1,0"), IsEmpty());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("twice")));
}

TEST_F(VisibleGpus, MigSlicesAreRefusedInWords) {
  EXPECT_THAT(uuids("MIG-1c2d"), IsEmpty());
  EXPECT_THAT(notes, Contains(HasSubstr("MIG slices are not supported")));
}

TEST_F(VisibleGpus, UnequalCardsByIndexNeedTheBusOrder) {
  all[1].name = "T4";
  uuids("0");
  EXPECT_THAT(notes, IsEmpty());
  uuids("GPU-aa11", "");
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_THAT(uuids("0", ""), ElementsAre("GPU-aa11"));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("CUDA_DEVICE_ORDER=PCI_BUS_ID")));
}

}  // namespace
}  // namespace tlaunch
