#include <gmock/gmock.h>

#include "hardware/gpu/gpu_probe.h"

namespace tlaunch {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
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
  EXPECT_THAT(notes, ElementsAre(HasSubstr("'7' does not match a card")));
  EXPECT_THAT(uuids("-1"), IsEmpty());
  EXPECT_THAT(uuids("NoDevFiles"), IsEmpty());
}

TEST_F(VisibleGpus, ARepeatedCardHidesAll) {
  EXPECT_THAT(uuids("0,1,0"), IsEmpty());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("twice")));
}

class MigSlices : public VisibleGpus {
 protected:
  MigSlices() {
    GpuInfo& cut = all[1];
    cut.mig = true;
    cut.memory_total_bytes = 42'000'000'000;
    cut.tier = "high_end";
    cut.capability_major = 8;
    cut.mig_instances = {
        {"A100 MIG 1g.5gb", "MIG-1111", 5'000'000'000, 4'000'000'000, "MIG-GPU-aa22/7/0", {}},
        {"A100 MIG 3g.20gb", "MIG-2222", 20'000'000'000, 19'000'000'000, "MIG-GPU-aa22/2/0", {{5, "python", 1}}}};
  }
};

TEST_F(MigSlices, ASliceIsFoundByEitherNameWithItsOwnMemory) {
  for (const char* name : {"MIG-2222", "MIG-GPU-aa22/2/0"}) {
    const auto gpus = visible_gpus(all, name, "PCI_BUS_ID", notes);
    ASSERT_EQ(gpus.size(), 1u) << name;
    EXPECT_EQ(gpus[0].name, "A100 MIG 3g.20gb");
    EXPECT_EQ(gpus[0].uuid, "MIG-2222");
    EXPECT_EQ(gpus[0].memory_total_bytes, 20'000'000'000u);
    EXPECT_EQ(gpus[0].memory_free_bytes, 19'000'000'000u);
    EXPECT_EQ(gpus[0].capability_major, 8);
    EXPECT_EQ(gpus[0].processes.size(), 1u);
    EXPECT_EQ(gpus[0].mig_instances.size(), 2u) << "the others can still be looked up";
  }
  EXPECT_EQ(visible_gpus(all, "MIG-1111", std::nullopt, notes).at(0).tier, "low_end")
      << "a seventh of a card is weaker than the card";
  EXPECT_THAT(notes, IsEmpty());
}

TEST_F(MigSlices, OneIsAllThatCudaShows) {
  EXPECT_THAT(uuids("MIG-2222,MIG-1111"), ElementsAre("MIG-2222"));
  EXPECT_THAT(notes, ElementsAre(AllOf(HasSubstr("one MIG slice"), HasSubstr("MIG-2222"))));
  notes.clear();
  EXPECT_THAT(uuids("0,1,2"), ElementsAre("MIG-1111")) << "the card's first; whole cards are hidden beside it";
  EXPECT_THAT(uuids(std::nullopt), ElementsAre("MIG-1111"));
  EXPECT_THAT(uuids("0,2"), ElementsAre("GPU-aa11", "GPU-bb33")) << "the card in MIG mode is not listed";
}

TEST_F(MigSlices, WhatNamesNoneIsTold) {
  EXPECT_THAT(uuids("MIG-1"), IsEmpty());  // CUDA takes beginnings of cards' UUIDs only
  EXPECT_THAT(notes, Contains(HasSubstr("'MIG-1' does not match a MIG slice")));
  all[1].mig_instances.clear();
  EXPECT_THAT(uuids(std::nullopt), ElementsAre("GPU-aa11", "GPU-bb33"));
  EXPECT_THAT(notes, Contains(HasSubstr("no slice that can be used")));
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

TEST_F(VisibleGpus, AnotherOrderOfUnequalCardsIsTold) {
  uuids(std::nullopt, "FASTEST_FIRST");
  EXPECT_THAT(notes, IsEmpty()) << "equal cards";
  all[1].name = "T4";
  uuids(std::nullopt, "PCI_BUS_ID");
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_THAT(uuids(std::nullopt, "FASTEST_FIRST"), ElementsAre("GPU-aa11", "GPU-aa22", "GPU-bb33"));
  EXPECT_THAT(notes, ElementsAre(AllOf(HasSubstr("CUDA_DEVICE_ORDER=FASTEST_FIRST"), HasSubstr("PCI_BUS_ID"))));
}

}  // namespace
}  // namespace tlaunch
