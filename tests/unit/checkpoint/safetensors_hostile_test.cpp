// Files that no honest writer makes. Each is refused with an error that says where, and the reader does not trust a
// size in the file when it allocates memory.
#include <gmock/gmock.h>

#include "base/error.h"
#include "checkpoint/safetensors/safetensors.h"
#include "tests/unit/checkpoint/fixture.h"
#include "tests/unit/checkpoint/pickles.h"

namespace tlaunch {
namespace {

using test::file_of;
using test::TempDir;
using test::times;

std::string length_only(std::uint64_t length, const std::string& rest = "") {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(length >> (8 * i) & 0xff);
  return bytes + rest;
}

std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

struct Hostile {
  const char* name;
  std::string bytes;
  const char* message;  // a part of it
  friend void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }
};

std::vector<Hostile> hostile_files() {
  const std::string byte = tensor("U8", "[1]", "[0,1]");
  return {
      {"Empty", "", "ends within its first 8 bytes"},
      {"SevenBytes", std::string(7, '\0'), "byte 7"},
      {"NoHeader", length_only(0), "does not begin with '{'"},
      {"LengthBeyondFile", length_only(100, "{}"), "ends within its header"},
      {"LengthOfAllOnes", length_only(UINT64_MAX, "{}"), "18446744073709551615"},
      {"LengthJustOverLimit", length_only(100'000'001, "{}"), "not a safetensors file"},
      {"NotJson", file_of("{\"w\":}"), "byte 13: this is not JSON"},
      {"List", file_of("[]"), "does not begin with '{'"},
      {"LeadingSpace", file_of(" {}"), "does not begin with '{'"},
      {"SecondValue", file_of("{}{}"), "not JSON"},
      {"NulPadding", file_of(std::string("{}\0\0", 4)), "not JSON"},
      {"BytesAfterNul", file_of(std::string("{}\0garbage", 10)), "byte 10: this is not JSON"},
      {"InvalidUtf8", file_of("{\"\xff\":" + byte + "}", "x"), "not JSON"},
      {"DeepLists", file_of("{\"w\":" + times("[", 1'000'000)), "unexpected list"},
      {"DeepObjects", file_of(times("{\"w\":", 1'000'000)), "unknown field 'w'"},
      {"DeepShape", file_of(R"({"w":{"shape":[[[)"), "unexpected list"},
      {"NumberAsTensor", file_of(R"({"w":1})"), "as the value of 'w'"},
      {"TextAsTensor", file_of(R"({"w":"x"})"), "as the value of 'w'"},
      {"MetadataIsText", file_of(R"({"__metadata__":"x"})"), "unexpected string"},
      {"MetadataHoldsNumber", file_of(R"({"__metadata__":{"step":5}})"),
       "unexpected number in the metadata, as the value of 'step'"},
      {"MetadataHoldsObject", file_of(R"({"__metadata__":{"step":{}}})"), "in the metadata, as the value of 'step'"},
      {"MetadataKeyTwice", file_of(R"({"__metadata__":{"a":"1","a":"2"}})"), "metadata key 'a' appears twice"},
      {"MetadataTwice", file_of(R"({"__metadata__":{},"__metadata__":{}})"), "the metadata appears twice"},
      {"NameTwice", file_of(R"({"w":)" + byte + R"(,"w":)" + byte + "}", "x"), "tensor 'w' appears twice"},
      {"FieldTwice", file_of(R"({"w":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "x"),
       "two fields 'dtype'"},
      {"FieldUnknown", file_of(R"({"w":{"dtype":"U8","stride":[1],"data_offsets":[0,1]}})", "x"),
       "unknown field 'stride'"},
      {"FieldMissing", file_of(R"({"w":{"dtype":"U8","data_offsets":[0,1]}})", "x"), "lacks its dtype, shape"},
      {"DtypeUnknown", file_of(R"({"w":)" + tensor("F13", "[1]", "[0,1]") + "}", "x"), "unknown dtype 'F13'"},
      {"DtypeIsNumber", file_of(R"({"w":{"dtype":8}})"), "in tensor 'w', field 'dtype'"},
      {"ShapeIsNumber", file_of(R"({"w":{"shape":8}})"), "in tensor 'w', field 'shape'"},
      {"ShapeIsText", file_of(R"({"w":{"shape":"8"}})"), "in tensor 'w', field 'shape'"},
      {"ShapeNegative", file_of(R"({"w":{"shape":[-1]}})"), "negative number"},
      {"ShapeFraction", file_of(R"({"w":{"shape":[1.5]}})"), "unexpected number 1.5 in tensor 'w', field 'shape'"},
      {"ShapeHugeDimension", file_of(R"({"w":{"shape":[9223372036854775808]}})"), "the dimension 9223372036854775808"},
      {"ShapeOverflows", file_of(R"({"w":)" + tensor("F32", "[4294967296,4294967296]", "[0,0]") + "}"),
       "exceeds 64 bits"},
      {"ShapeOverflowsToFit", file_of(R"({"w":)" + tensor("F64", "[2305843009213693953]", "[0,8]") + "}", "12345678"),
       "exceeds 64 bits"},
      {"ShapeTooLong", file_of(R"({"w":{"shape":[1)" + times(",1", 64) + "]}}"), "too many dimensions"},
      {"ShapeDisagrees", file_of(R"({"w":)" + tensor("F32", "[2]", "[0,4]") + "}", "1234"), "needs 8 bytes"},
      {"OffsetsThree", file_of(R"({"w":)" + tensor("U8", "[1]", "[0,1,2]") + "}", "x"), "more than two data_offsets"},
      {"OffsetsOne", file_of(R"({"w":)" + tensor("U8", "[1]", "[0]") + "}", "x"), "two data_offsets"},
      {"OffsetsReversed", file_of(R"({"w":)" + tensor("U8", "[1]", "[1,0]") + "}", "x"), "ends before it begins"},
      {"OffsetsBeyondFile", file_of(R"({"w":)" + tensor("U8", "[2]", "[0,2]") + "}", "x"),
       "beyond the end of the file"},
      {"OffsetsWrap", file_of(R"({"w":)" + tensor("U8", "[1]", "[18446744073709551615,0]") + "}", "x"),
       "ends before it begins"},
      {"OffsetsTooLarge", file_of(R"({"w":)" + tensor("U8", "[1]", "[0,18446744073709551616]") + "}", "x"),
       "unexpected number 18446744073709551616"},
      {"Overlap",
       file_of(R"({"a":)" + tensor("U8", "[2]", "[0,2]") + R"(,"b":)" + tensor("U8", "[2]", "[1,3]") + "}", "xyz"),
       "'b' overlaps"},
      {"SamePlace", file_of(R"({"a":)" + byte + R"(,"b":)" + byte + "}", "x"), "'b' overlaps"},
      {"Gap", file_of(R"({"a":)" + byte + R"(,"b":)" + tensor("U8", "[1]", "[2,3]") + "}", "xyz"), "'b' leaves a gap"},
      {"GapAtStart", file_of(R"({"a":)" + tensor("U8", "[1]", "[1,2]") + "}", "xy"), "'a' leaves a gap"},
      {"Trailing", file_of(R"({"a":)" + byte + "}", "xy"), "1 byte after the last tensor"},
      {"ControlBytesInName", file_of(R"({"\u001b[2J":1})"), "as the value of '\\x1b[2J'"},
      {"LongName", file_of("{\"" + std::string(100'000, 'n') + "\":1}"), "nnn...'"},
      {"OnlyTensorSums", file_of(R"({"__metadata__":{"crc32c":"{}"}})"), "only one of crc32c and crc32c.header"},
      {"HeaderSumCut", file_of(R"({"__metadata__":{"crc32c.header":"12)"), "cut short"},
  };
}

class HostileSafetensors : public testing::TestWithParam<Hostile> {};

TEST_P(HostileSafetensors, IsRefusedWithItsPlace) {
  const TempDir dir;
  const std::string path = dir / "hostile.safetensors";
  test::write(path, GetParam().bytes);
  try {
    SafetensorsFile(path).verify();
    ADD_FAILURE() << "was accepted";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(),
                testing::AllOf(testing::HasSubstr(path + ": byte "), testing::HasSubstr(GetParam().message)));
    EXPECT_LT(std::string(error.what()).size(), 500u);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, HostileSafetensors, testing::ValuesIn(hostile_files()),
                         [](const auto& info) { return std::string(info.param.name); });

// Files that other writers make and the format allows.
TEST(ForeignSafetensors, WithoutSumsInAnyOrderIsRead) {
  const TempDir dir;
  const std::string path = dir / "foreign.safetensors";
  test::write(path, file_of(R"({ "b" : {"shape":[2], "data_offsets":[1,3], "dtype":"U8"}, "empty":)" +
                                tensor("F32", "[0,3]", "[1,1]") + R"(, "a":)" + tensor("U8", "[]", "[0,1]") + "}   ",
                            "xyz"));
  const SafetensorsFile file(path);
  file.verify();
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.tensors().front().name, "a");
  EXPECT_EQ(file.tensors().back().name, "b");
  EXPECT_EQ(static_cast<char>(file.find("b")->data[1]), 'z');
  EXPECT_TRUE(file.metadata().empty());
}

}  // namespace
}  // namespace tlaunch
