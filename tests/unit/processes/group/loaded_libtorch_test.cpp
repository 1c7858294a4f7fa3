#include "processes/group/loaded_libtorch.h"
#include "processes/group/loader_error.h"

#include <gmock/gmock.h>

namespace tlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LoadedLibtorch, IsWhatTheLoaderSays) {
  EXPECT_THAT(libtorch_in("\tlinux-vdso.so.1 (0x00007ffd)\n"
                          "\t/decoy/libtorch_cpu.so (0x00007f01)\n"
                          "\tlibtorch.so => /venv/torch/lib/libtorch.so (0x00007f02)\n"
                          "\tlibc10_cuda.so => not found\n"
                          "\tlibstdc++.so.6 => /lib/libstdc++.so.6 (0x00007f03)\n"
                          "\tlibm.so.6 => /opt/libtorch/lib/libm.so.6 (0x00007f04)\n"),
              ElementsAre("/decoy/libtorch_cpu.so", "/venv/torch/lib/libtorch.so", "libc10_cuda.so: not found"));
  EXPECT_THAT(libtorch_in(""), IsEmpty());
  EXPECT_THAT(libtorch_in("\n \n=>\nx =>\n"), IsEmpty());
}

TEST(LoadedLibtorch, OfAProgramWithoutItThereIsNothingToSay) {
  EXPECT_EQ(loader_advice("/bin/sh", ""), "");
  EXPECT_EQ(loader_advice("/nowhere/worker", ""), "");
}

TEST(LoaderError, IsFoundInWhatAProgramPrinted) {
  EXPECT_EQ(loader_error_in("note\n/b/worker: symbol lookup error: /t/liba.so: undefined symbol: x\n", "/b/worker"),
            "symbol lookup error: /t/liba.so: undefined symbol: x");
  EXPECT_EQ(loader_error_in("/b/worker: error while loading shared libraries: libz.so.1: file too short", "/b/worker"),
            "error while loading shared libraries: libz.so.1: file too short");
  EXPECT_EQ(loader_error_in("/b/worker: /l/libz.so.1: version `Z_1' not found (required by /b/worker)\n", "/b/worker"),
            "/l/libz.so.1: version `Z_1' not found (required by /b/worker)");
  EXPECT_EQ(loader_error_in("/b/worker: the file was not found\n/b/other: symbol lookup error: x\n", "/b/worker"), "");
}

TEST(LoaderError, LibrariesOfTheSearchPathAreThoseThatItNames) {
  const std::string trace =
      "\tlibz.so.1 => /conda/lib/libz.so.1 (0x01)\n"
      "\tlibnvJitLink.so.12 => /cuda/lib64/libnvJitLink.so.12 (0x02)\n"
      "\tlibm.so.6 => /lib/libm.so.6 (0x03)\n";
  const std::string path = "/none:/conda/lib/:/cuda/lib64";
  EXPECT_THAT(libraries_from(path, trace, "undefined symbol: x, version libnvJitLink.so.12"),
              ElementsAre("/cuda/lib64/libnvJitLink.so.12"));
  EXPECT_THAT(libraries_from(path, "", "/conda/lib/libz.so.1: version `Z_1' not found (required by /b/worker)"),
              ElementsAre("/conda/lib/libz.so.1"));
  EXPECT_THAT(libraries_from(path, trace, "undefined symbol: x"),
              ElementsAre("/conda/lib/libz.so.1", "/cuda/lib64/libnvJitLink.so.12"));
  EXPECT_THAT(libraries_from("", trace, "undefined symbol: x"), IsEmpty());
}

}  // namespace
}  // namespace tlaunch
