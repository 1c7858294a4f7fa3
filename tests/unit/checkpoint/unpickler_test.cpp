// What a state_dict's pickle may contain, and what is refused: quickly, by name, and without running any code of it.
#include "checkpoint/torch_file/unpickler.h"

#include <gmock/gmock.h>

#include <ctime>

#include "base/error.h"
#include "tests/unit/checkpoint/pickles.h"

namespace tlaunch {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string six = tensor(storage(6), 0, integer(2) + integer(3), integer(3) + integer(1));

TEST(Unpickler, FindsTheTensorsOfADict) {
  const auto found = unpickle_state_dict(pickle("}(" + unicode("w") + six + unicode("epoch") + integer(3) +
                                                unicode("v") + tensor(storage(8, "HalfStorage", "k"), 2, "", "") + "u"),
                                         "f");
  ASSERT_EQ(found.tensors.size(), 2u);
  EXPECT_EQ(found.tensors[0].name, "v");
  EXPECT_EQ(found.tensors[0].dtype, "F16");
  EXPECT_EQ(found.tensors[0].storage, "k");
  EXPECT_EQ(found.tensors[0].offset, 2u);
  EXPECT_THAT(found.tensors[0].shape, IsEmpty());
  EXPECT_EQ(found.tensors[1].name, "w");
  EXPECT_EQ(found.tensors[1].storage_bytes, 24u);
  EXPECT_THAT(found.tensors[1].shape, ElementsAre(2, 3));
  EXPECT_THAT(found.tensors[1].strides, ElementsAre(3, 1));
  EXPECT_THAT(found.left_out, ElementsAre("'epoch' (an integer)"));
}

TEST(Unpickler, OfEqualNamesTheLastHolds) {
  const auto found =
      unpickle_state_dict(pickle("}(" + unicode("w") + six + unicode("w") + tensor(storage(1), 0, "", "") + "u"), "f");
  ASSERT_EQ(found.tensors.size(), 1u);
  EXPECT_THAT(found.tensors[0].shape, IsEmpty());
}

TEST(Unpickler, TakesParametersAndAnOrderedDictWithAttributes) {
  const std::string parameter = global("torch._utils", "_rebuild_parameter") +
                                tuple(six + "\x88" + global("collections", "OrderedDict") + ")R") + "R";
  const auto found = unpickle_state_dict(pickle(global("collections", "OrderedDict") + ")R" + unicode("w") + parameter +
                                                "s" + dict("_metadata", "}") + "b"),
                                         "f");
  ASSERT_EQ(found.tensors.size(), 1u);
  EXPECT_THAT(found.left_out, IsEmpty());
}

TEST(Unpickler, ACycleIsNoTrouble) {
  // A list that contains itself, next to a tensor.
  const auto found = unpickle_state_dict(
      pickle("}(" + unicode("loop") + "]q" + '\0' + "h" + '\0' + "a" + unicode("w") + six + "u"), "f");
  EXPECT_EQ(found.tensors.size(), 1u);
  EXPECT_THAT(found.left_out, ElementsAre("'loop' (a list)"));
}

struct Refused {
  const char* name;
  std::string pickle;
  const char* message;  // a part of it
  friend void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }
};

std::string named(const std::string& value) { return pickle(dict("w", value)); }

std::vector<Refused> refused() {
  const std::string two32 = integer(std::int64_t{1} << 32);
  return {
      {"Empty", "", "the pickle ends"},
      {"NoStop", "\x80\x02}", "the pickle ends"},
      {"OsSystem", pickle(global("os", "system") + unicode("true") + "\x85R"), "refers to os.system: not allowed"},
      {"Eval", pickle(global("builtins", "eval")), "refers to builtins.eval: not allowed"},
      {"StackGlobal", pickle("\x8c\x05posix\x8c\x06system\x93"), "refers to posix.system: not allowed"},
      {"GlobalOfNumbers", pickle("K\x01K\x02\x93"), "refers to something that is not a name"},
      {"ControlBytesInName", pickle(global("\x1b[2J", "x")), "refers to \\x1b[2J.x"},
      {"LongName", pickle(global(times("n", 100'000), "x")), "nnn..."},
      {"Instance", pickle("(ios\nsystem\n"), "opcode 105 is not allowed"},
      {"NewObjectOfAText", pickle(unicode("x") + ")\x81"), "calls a string"},
      {"Extension", pickle("\x82\x01"), "opcode 130 is not allowed"},
      {"TextPersistentId", pickle("Px\n"), "opcode 80 is not allowed"},
      {"CallOfAText", pickle(unicode("system") + ")R"), "calls a string"},
      {"CallWithoutTuple", pickle(global("collections", "OrderedDict") + "NR"), "with None as arguments"},
      {"CallOfAStorageType", pickle(global("torch", "FloatStorage") + ")R"), "calls torch.FloatStorage"},
      {"CallOfADtype", pickle(global("torch", "float32") + ")R"), "calls torch.float32"},
      {"DefaultDict", pickle(global("collections", "defaultdict")), "refers to collections.defaultdict: not allowed"},
      {"NumpyScalar", pickle(global("numpy._core.multiarray", "scalar")),
       "refers to numpy._core.multiarray.scalar: not allowed"},
      {"NumpyArray", pickle(global("numpy._core.multiarray", "_reconstruct")), "refers to numpy._core.multiarray"},
      {"Frozenset", pickle(global("__builtin__", "frozenset")), "refers to __builtin__.frozenset: not allowed"},
      {"NestedRebuildFromType",
       pickle(global("torch._tensor", "_rebuild_from_type_v2") + "q" + '\0' +
              tuple(std::string("h") + '\0' + "N" + tuple("") + "}") + "R"),
       "with other arguments than function"},
      {"ParameterOfAText", pickle(global("torch.nn.parameter", "Parameter") + tuple(unicode("x")) + "R"),
       "calls torch.nn.parameter.Parameter without a tensor"},
      {"TensorV3WithoutDtype",
       pickle(global("torch._utils", "_rebuild_tensor_v3") +
              tuple(storage(1) + integer(0) + tuple("") + tuple("") + "\x89N" + unicode("x")) + "R"),
       "without a dtype"},
      {"TensorV3ReachesBeyond",
       named(global("torch._utils", "_rebuild_tensor_v3") +
             tuple(storage(3, "ByteStorage") + integer(0) + tuple(integer(2)) + tuple(integer(1)) + "\x89N" +
                   global("torch", "uint16")) +
             "R"),
       "reaches element 1 of a storage of 1"},
      {"TensorOfANewContent", pickle(six + tuple(storage(1) + integer(0) + tuple("") + tuple("")) + "b"),
       "sets attributes of a tensor"},
      {"PairsThatAreNone", pickle(global("collections", "OrderedDict") + tuple("]Na") + "R"),
       "something other than pairs"},
      {"OneTupleAsManyArguments",
       pickle("(" + times("N", 1'000'000) + "tq" + '\0' + global("torch", "device") + "q\x01" +
              times(std::string("h\x01h") + '\0' + "R0", 500'000)),
       "with 1000000 arguments"},
      // One list of 1,000 pairs that is made into a dict many times.
      {"ExponentialPairs",
       pickle("](" + times("NN\x86", 1000) + "e\x85q" + '\0' + global("collections", "OrderedDict") + "q\x01" +
              times(std::string("h\x01h") + '\0' + "R", 5000)),
       "more than 4000000 values"},
      {"Protocol0", "(lp0\n.", "opcode 112 is not allowed"},
      {"Protocol9", "\x80\x09N.", "pickle protocol 9"},
      {"NotADict", pickle("K\x05"), "holds an integer, not a dict"},
      {"NoTensors", pickle(dict("epoch", "K\x05")), "holds no tensors by name; its keys: 'epoch'"},
      {"NamesAreNumbers", pickle("}K\x05" + six + "s"), "holds no tensors by name; its keys: none"},
      {"StackUnderflow", pickle("s"), "takes values that do not exist"},
      {"BelowTheMark", pickle("}(s"), "takes values that do not exist"},
      {"NoMark", pickle("}u"), "up to a mark that does not exist"},
      {"OddItems", pickle("}(NNNu"), "a key without a value"},
      {"AppendToTuple", pickle(")Na"), "adds to a tuple"},
      {"AttributesOfAText", pickle(unicode("x") + "}b"), "sets attributes of a string"},
      {"MemoOfTwoBillion", pickle("Nr" + little(0x80000000, 4)), "memo number 2147483648"},
      {"MemoWithAGap", pickle("Nq\x05"), "memo number 5"},
      {"NeverRemembered", pickle("h\x05"), "reads the memo number 5"},
      {"HugeText", pickle("X\xff\xff\xff\xff"), "ends within"},
      {"HugeText8", pickle("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), "ends within"},
      {"HugeLong", pickle("\x8b\xff\xff\xff\xff"), "ends within"},
      {"DeepLists", pickle(times("]", 1'000'000) + times("a", 999'999)), "holds a list"},
      {"DeepTuples", pickle("N" + times("\x85", 3'000'000)), "holds a tuple"},
      {"DeepMarks", pickle(times("(", 5'000'000)), "too many marks"},
      {"ExponentialTuples", pickle(")" + times("2\x86", 1'500'000)), "holds a tuple"},
      {"ManyCopies", pickle("N" + times("2", 5'000'000)), "more than 4000000 values"},
      {"ManyMemos", pickle("N" + times("\x94", 5'000'000)), "memo number 4000000"},
      {"ManyNames", pickle("}(" + times(unicode("") + "N", 1'500'000) + "u"), "holds no tensors by name"},
      {"TooLong", times("N", max_pickle_bytes + 1), "at most 16777216 are read"},
      {"StorageOfNumbers", pickle(tuple(integer(1)) + "Q"), "names a storage by something other"},
      {"StorageOfMinusOne", pickle(storage(-1)), "names a storage by something other"},
      {"TensorOfNothing", pickle(global("torch._utils", "_rebuild_tensor_v2") + ")R"), "a tensor with 0 arguments"},
      {"OffsetNegative", named(tensor(storage(6), -1, "", "")), "begins before its storage"},
      {"OffsetBeyond", named(tensor(storage(6), 6, "", "")), "reaches element 6 of a storage of 6"},
      {"ShapeNegative", named(tensor(storage(6), 0, integer(-2), integer(1))), "not a count"},
      {"StrideNegative", named(tensor(storage(6), 5, integer(2), integer(-1))), "not a count"},
      {"StrideMissing", named(tensor(storage(6), 0, integer(2), "")), "not have one stride per dimension"},
      {"StrideBeyond", named(tensor(storage(6), 0, integer(2), integer(6))), "reaches element 6"},
      {"StrideWraps", named(tensor(storage(6), 0, two32 + two32, two32 + two32)), "impossible shape"},
      {"ShapeOverflows", named(tensor(storage(6), 0, two32 + two32, integer(0) + integer(0))), "impossible shape"},
      {"ShapeOfManyDimensions", named(tensor(storage(6), 0, times(integer(1), 65), times(integer(1), 65))),
       "too many dimensions"},
      {"NameNotUtf8", pickle(dict("\xff", six)), "not valid UTF-8"},
      {"NameOfTheMetadata", pickle(dict("__metadata__", six)), "which the safetensors format reserves"},
  };
}

// Values that torch.load(weights_only=True) accepts but that are not weights: listed as left out, never an error.
TEST(Unpickler, TakesWhatStandsBesideTheWeights) {
  const std::string untyped = tuple(unicode("storage") + global("torch.storage", "UntypedStorage") + unicode("0") +
                                    unicode("cpu") + integer(4)) +
                              "Q";
  const std::string complex_tensor = tensor(storage(1, "ComplexDoubleStorage"), 0, "", "");
  const std::pair<std::string, std::string> values[] = {
      {"a dict", global("collections", "Counter") + tuple(std::string("}K\x03K\x01s")) + "R"},
      {"a dict", global("collections", "OrderedDict") + tuple("]" + tuple(unicode("k") + "N") + "a") + "R"},
      {"a tuple", global("torch", "Size") + tuple(tuple(integer(2))) + "R"},
      {"torch.float16", global("torch", "float16")},
      {"torch.per_tensor_affine", global("torch", "per_tensor_affine")},
      {"a torch.device", global("torch", "device") + tuple(unicode("cuda")) + "R"},
      {"a torch.layout", global("torch.serialization", "_get_layout") + tuple(unicode("torch.strided")) + "R"},
      {"a set", global("__builtin__", "set") + tuple("]") + "R"},
      {"a set", global("builtins", "set") + tuple("]") + "R"},
      {"a bytearray", global("__builtin__", "bytearray") + tuple(unicode("x") + unicode("latin-1")) + "R"},
      {"bytes", global("_codecs", "encode") + tuple(unicode("x") + unicode("latin1")) + "R"},
      {"a complex number", global("__builtin__", "complex") + tuple("NN") + "R"},
      {"a sparse tensor", global("torch._utils", "_rebuild_sparse_tensor") + tuple("NN") + "R"},
      {"a quantized tensor", global("torch._utils", "_rebuild_qtensor") + tuple(storage(1, "QInt8Storage")) + "R"},
      {"a nested tensor", global("torch._utils", "_rebuild_nested_tensor") + tuple("NNNN") + "R"},
      {"a tensor without values", global("torch._utils", "_rebuild_meta_tensor_no_storage") + tuple("") + "R"},
      {"a tensor of torch.ComplexDoubleStorage", complex_tensor},
      {"a storage", untyped},
      {"a tensor", global("torch.nn.parameter", "Parameter") + tuple(six + "\x88") + "\x81"},
      {"a tensor", global("torch.nn.parameter", "Parameter") + tuple(six + "\x88") + "R" + tuple("\x88\x89N") + "b"},
      {"a tensor", global("torch._tensor", "_rebuild_from_type_v2") +
                       tuple(global("torch._utils", "_rebuild_tensor") + global("torch", "Tensor") +
                             tuple(storage(1) + integer(0) + tuple("") + tuple("")) + dict("x", "K\x01")) +
                       "R"},
  };
  for (const auto& [told, value] : values) {
    const std::string file = pickle("}(" + unicode("model") + dict("fc.weight", six) + unicode("x") + value + "u");
    const auto found = unpickle_state_dict(file, "f");
    EXPECT_THAT(found.left_out, ElementsAre("'x' (" + told + ")"));
    ASSERT_EQ(found.tensors.size(), 1u) << told;
  }
}

TEST(Unpickler, TakesTensorsOfTypesThatAreMadeOfBytes) {
  const std::string value = global("torch._utils", "_rebuild_tensor_v3") +
                            tuple(tuple(unicode("storage") + global("torch.storage", "UntypedStorage") + unicode("k") +
                                        unicode("cpu") + integer(12)) +
                                  "Q" + integer(1) + tuple(integer(5)) + tuple(integer(1)) + "\x89" +
                                  global("collections", "OrderedDict") + ")R" + global("torch", "uint16")) +
                            "R";
  const auto found = unpickle_state_dict(pickle(dict("w", value)), "f");
  ASSERT_EQ(found.tensors.size(), 1u);
  EXPECT_EQ(found.tensors[0].dtype, "U16");
  EXPECT_EQ(found.tensors[0].storage_bytes, 12u);
  EXPECT_EQ(found.tensors[0].offset, 1u);
}

class RefusedPickle : public testing::TestWithParam<Refused> {};

TEST_P(RefusedPickle, IsRefusedWithinASecond) {
  [[maybe_unused]] const std::clock_t begin = std::clock();  // processor time, because others may use the machine too
  try {
    unpickle_state_dict(GetParam().pickle, "f.pt: data.pkl");
    ADD_FAILURE() << "was accepted";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::StartsWith("f.pt: data.pkl"), HasSubstr(GetParam().message)));
    EXPECT_LT(std::string(error.what()).size(), 500u);
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose checks take several times as long
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 1.0);
#endif
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedPickle, testing::ValuesIn(refused()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tlaunch
