#include "checkpoint/wrapper_names.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Names = std::vector<std::string>;

struct Wrapped {
  const char* name;
  Names given, bare, taken_off;
  friend void PrintTo(const Wrapped& wrapped, std::ostream* out) { *out << wrapped.name; }
};

class Wrappers : public testing::TestWithParam<Wrapped> {};

TEST_P(Wrappers, AreTakenOffAndTold) {
  const UnwrappedNames result = without_wrappers(GetParam().given);
  EXPECT_EQ(result.names, GetParam().bare);
  EXPECT_EQ(result.taken_off, GetParam().taken_off);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Wrappers,
    testing::Values(
        Wrapped{"DataParallel", {"module.fc.weight", "module.fc.bias"}, {"fc.weight", "fc.bias"}, {"module."}},
        Wrapped{"Compiled", {"_orig_mod.fc.weight", "_orig_mod.fc.bias"}, {"fc.weight", "fc.bias"}, {"_orig_mod."}},
        Wrapped{"Lightning", {"model.fc.weight", "model.fc.bias"}, {"fc.weight", "fc.bias"}, {"model."}},
        Wrapped{"CompiledInParallel",
                {"module._orig_mod.a", "module._orig_mod.b"},
                {"a", "b"},
                {"_orig_mod.", "module."}},
        Wrapped{"ParallelInCompiled", {"_orig_mod.module.a"}, {"a"}, {"_orig_mod.", "module."}},
        Wrapped{"LightningCompiled", {"model._orig_mod.a", "model._orig_mod.b"}, {"a", "b"}, {"_orig_mod.", "model."}},
        Wrapped{"TwiceTheSame", {"module.module.a", "module.module.b"}, {"a", "b"}, {"module."}},
        Wrapped{"FsdpWithin",
                {"_fsdp_wrapped_module.a", "l.0._fsdp_wrapped_module._checkpoint_wrapped_module.b"},
                {"a", "l.0.b"},
                {"_fsdp_wrapped_module.", "_checkpoint_wrapped_module."}},
        Wrapped{"OnePartIsCompiled", {"backbone._orig_mod.w", "head.w"}, {"backbone.w", "head.w"}, {"_orig_mod."}},
        Wrapped{"NotAll", {"module.a", "b"}, {"module.a", "b"}, {}},
        Wrapped{"PartsOfTheModelItself", {"model.a", "lm_head.b"}, {"model.a", "lm_head.b"}, {}},
        Wrapped{"NoPrefixOfAWord", {"modules.a", "modules.b"}, {"modules.a", "modules.b"}, {}},
        Wrapped{"NamesWouldCollide", {"_orig_mod.a", "a"}, {"_orig_mod.a", "a"}, {}},
        Wrapped{"CollideWithin", {"x._orig_mod.a", "x.a"}, {"x._orig_mod.a", "x.a"}, {}},
        Wrapped{"TheWrapperAlone", {"module."}, {"module."}, {}},
        Wrapped{"Bare", {"fc.weight"}, {"fc.weight"}, {}}, Wrapped{"Nothing", {}, {}, {}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(CountOfAverage, IsThatOfAnAveragedModelAlone) {
  EXPECT_EQ(count_of_average({"module.a", "n_averaged", "module.b"}), "n_averaged");
  EXPECT_EQ(count_of_average({"module.a", "module.b"}), "");
  EXPECT_EQ(count_of_average({"a", "n_averaged"}), "");
  EXPECT_EQ(count_of_average({"n_averaged"}), "");
}

TEST(NamesInFile, DifferInNothingButWrappers) {
  EXPECT_THAT(names_in_file({"module.b", "module.a"}, {"a", "b"}), ElementsAre("module.a", "module.b"));
  EXPECT_THAT(names_in_file({"a", "b"}, {"model.b", "model.a"}), ElementsAre("b", "a"));
  EXPECT_THAT(names_in_file({"a", "b"}, {"a", "b"}), ElementsAre("a", "b"));
}

TEST(NamesInFile, AreThoseWantedWhereMoreDiffers) {
  EXPECT_THAT(names_in_file({"module.a", "module.c"}, {"a", "b"}), ElementsAre("a", "b"));
  EXPECT_THAT(names_in_file({"module.a"}, {"a", "b"}), ElementsAre("a", "b"));
  EXPECT_THAT(names_in_file({"module.a", "module.b"}, {"a"}), ElementsAre("a"));
  EXPECT_THAT(names_in_file({}, {}), IsEmpty());
}

}  // namespace
}  // namespace tlaunch
