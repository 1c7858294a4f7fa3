#include "checkpoint/wrapper_names.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

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
        Wrapped{
            "CompiledInParallel", {"module._orig_mod.a", "module._orig_mod.b"}, {"a", "b"}, {"_orig_mod.", "module."}},
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
        Wrapped{"TheWrapperAlone", {"module."}, {"module."}, {}}, Wrapped{"Bare", {"fc.weight"}, {"fc.weight"}, {}},
        Wrapped{"Nothing", {}, {}, {}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(CountOfAverage, IsThatOfAnAveragedModelAlone) {
  EXPECT_EQ(count_of_average({"module.a", "n_averaged", "module.b"}), "n_averaged");
  EXPECT_EQ(count_of_average({"module.a", "module.b"}), "");
  EXPECT_EQ(count_of_average({"a", "n_averaged"}), "");
  EXPECT_EQ(count_of_average({"n_averaged"}), "");
}

struct Stored {
  const char* name;
  Names held, wanted, in_file, taken_off;
  friend void PrintTo(const Stored& stored, std::ostream* out) { *out << stored.name; }
};

class StoredNames : public testing::TestWithParam<Stored> {};

TEST_P(StoredNames, AreFoundForThoseWanted) {
  const NamesInFile found = names_in_file(GetParam().held, GetParam().wanted);
  EXPECT_EQ(found.names, GetParam().in_file);
  EXPECT_EQ(found.taken_off, GetParam().taken_off);
}

INSTANTIATE_TEST_SUITE_P(
    Table, StoredNames,
    testing::Values(Stored{"Same", {"a", "b"}, {"a", "b"}, {"a", "b"}, {}},
                    Stored{"Wrapped", {"module.b", "module.a"}, {"a", "b"}, {"module.a", "module.b"}, {"module."}},
                    Stored{"WrappedModel", {"a", "b"}, {"model.b", "model.a"}, {"b", "a"}, {}},
                    Stored{"AveragedModel", {"module.a", "n_averaged"}, {"a"}, {"module.a"}, {"module."}},
                    Stored{"HalfWrapped", {"module.a", "b"}, {"a", "b"}, {"module.a", "b"}, {"module."}},
                    Stored{"AnotherPrefix", {"net.f.a", "net.f.b"}, {"f.a", "f.b"}, {"net.f.a", "net.f.b"}, {"net."}},
                    Stored{"AnotherPrefixInAWrapper",
                           {"module.x.net.a", "module.x.net.b"},
                           {"a", "b"},
                           {"module.x.net.a", "module.x.net.b"},
                           {"module.", "x.net."}},
                    Stored{"AnotherHead", {"module.a", "module.c"}, {"a", "b"}, {"module.a", "b"}, {"module."}},
                    Stored{"NoHead", {"net.a"}, {"a", "b"}, {"net.a", "b"}, {"net."}},
                    Stored{"MoreThanTheModel", {"net.a", "net.b", "loss.w"}, {"a", "b"}, {"net.a", "net.b"}, {"net."}},
                    Stored{"TwoPrefixesWithEqualClaims", {"net.a", "ema.a"}, {"a"}, {"a"}, {}},
                    Stored{"TwoNamesWouldBecomeOne", {"net.a", "net.b", "a"}, {"a", "b"}, {"a", "b"}, {}},
                    Stored{"NoPrefixOfAWord", {"xa", "xb"}, {"a", "b"}, {"a", "b"}, {}},
                    Stored{"OtherNames", {"net.c"}, {"a", "b"}, {"a", "b"}, {}}, Stored{"Nothing", {}, {}, {}, {}}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tlaunch
