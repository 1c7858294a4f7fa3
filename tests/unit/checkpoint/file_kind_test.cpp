// The kind of a file, whatever its name says, and the error of a reader of safetensors.
#include "checkpoint/file_kind.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "checkpoint/safetensors/safetensors.h"
#include "tests/unit/checkpoint/fixture.h"

namespace tlaunch {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

struct Kind {
  const char* name;
  std::string bytes;
  const char* advice;  // a part of SafetensorsFile's error
  friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
};

std::vector<Kind> kinds() {
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  return {
      {"Zip", "PK\x03\x04\0\0\x08\x08"s, "tlaunch checkpoints import "},
      {"LegacyTorch", "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03."s,
       "tlaunch checkpoints import "},
      {"LegacyTorchProtocol4", "\x80\x04\x95\x0d\0\0\0\0\0\0\0\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s,
       "tlaunch checkpoints import "},
      {"Pickle", "\x80\x04\x95\0\0\0\0\0\0\0\0}."s, "a pickle that torch.save did not write"},
      {"Tar", tar, "is a tar archive"},
      {"Gzip", "\x1f\x8b\x08\0\0\0\0\0\0\x03rest"s, "is compressed"},
      {"Zstd", "\x28\xb5\x2f\xfdrest"s, "is compressed"},
      {"Html", "\n<!DOCTYPE html><html><head>"s, "is a web page"},
      {"HtmlInCapitals", "<HTML>rest"s, "is a web page"},
      {"XmlOfABucket", "<?xml version='1.0'?><Error>AccessDenied"s, "is a web page"},
      {"LfsPointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"s, "git lfs pull"},
      {"IndexOfShards", "{\n  \"metadata\": {}, \"weight_map\": {}}"s, "is a JSON file"},
      {"Nothing", ""s, "the file ends within its first 8 bytes"},
      {"Unknown", "something else altogether"s, "not a safetensors file"},
  };
}

class Kinds : public testing::TestWithParam<Kind> {};

TEST_P(Kinds, AreToldWhereASafetensorsFileIsWanted) {
  const test::TempDir dir;
  const std::string path = dir / "weights.safetensors";
  test::write(path, GetParam().bytes);
  try {
    const SafetensorsFile file(path);
    ADD_FAILURE() << "was taken";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::StartsWith(path + ": "), HasSubstr(GetParam().advice)));
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, Kinds, testing::ValuesIn(kinds()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(FileKind, AHeaderWhoseLengthLooksLikeAnotherFilesBeginningIsStillASafetensorsFile) {
  for (const std::string& magic : {"PK\x03\x04"s, "\x1f\x8b\x08\0"s, "{\"__"s, "<htm"s})
    EXPECT_EQ(file_kind(magic + "\0\0\0\0{\"w\":"s), FileKind::unknown) << magic;
}

TEST(FileKind, TheCommandThatConvertsWritesAnotherFile) {
  EXPECT_THAT(wrong_kind(FileKind::zip, "a/resnet.pt"),
              testing::EndsWith("tlaunch checkpoints import a/resnet.pt --output resnet.safetensors"));
  EXPECT_THAT(wrong_kind(FileKind::zip, "w.safetensors"), testing::EndsWith("--output w-imported.safetensors"));
}

}  // namespace
}  // namespace tlaunch
