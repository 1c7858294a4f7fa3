// PyTorch and tlaunch read each other's .pt files.
#include <gmock/gmock.h>

#include <sstream>

#include "base/error.h"
#include "checkpoint/torch_file/torch_file.h"
#include "tests/unit/checkpoint/python_fixture.h"

namespace tlaunch {
namespace {

using TorchPython = test::PythonTest;

TEST_F(TorchPython, LoadsOurFileWithWeightsOnly) {
  const test::SmallCheckpoint small;
  write_torch(dir_ / "ours.pt", small.views());
  const auto result = run(R"(
import sys, torch
want = {
    'fc.weight': torch.tensor([[1., 2., 3.], [4., 5., 6.]]),
    'fc.bias': torch.zeros(0),
    'fc.half': torch.tensor([1., -2., float('inf')], dtype=torch.bfloat16),
    'bn.num_batches_tracked': torch.tensor(-3),
    'tlaunch.rng.0': torch.tensor([7, 0, 255], dtype=torch.uint8),
    'tlaunch.optimizer.exp_avg.fc': torch.tensor([[0.5], [-0.25]], dtype=torch.float64),
}
for mapped in (False, True):
    t = torch.load(sys.argv[1] + '/ours.pt', weights_only=True, mmap=mapped)
    assert type(t) is dict and t.keys() == want.keys(), t.keys()
    for name, value in want.items():
        got = t[name]
        assert (got.dtype, got.shape, got.stride(), got.requires_grad) == (value.dtype, value.shape, value.stride(), False)
        assert torch.equal(got, value), (name, got)
print('equal')
)");
  EXPECT_EQ(result.text, "equal\n");
}

// Python writes the .pt files, and for each a .safetensors with the tensors that tlaunch must find.
TEST_F(TorchPython, ItsFilesOpenHere) {
  const auto result = run(R"(
import sys, torch
from safetensors.torch import save_file
dir = sys.argv[1]
torch.manual_seed(0)
x = torch.arange(24.).reshape(2, 3, 4)
kinds = {str(d).split('.')[1]: torch.tensor([0, 1, 100]).to(d) for d in (torch.float64, torch.float16, torch.bfloat16,
         torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.uint16, torch.uint32, torch.uint64,
         torch.float8_e4m3fn, torch.float8_e5m2, torch.complex64)}
views = kinds | {'transposed': x.transpose(0, 2), 'slice': x[:, 1:, ::2], 'shared': x, 'expanded': torch.ones(1).expand(3, 5),
         'channels_last': torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last),
         'empty': torch.zeros(0, 3), 'scalar': torch.tensor(-7)}
model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(16, 3))
state = model.state_dict()
optimizer = torch.optim.AdamW(model.parameters())
model(torch.zeros(2, 1, 4, 4)).sum().backward()
optimizer.step()
cases = {'views': (views, views), 'state': (state, state), 'parameters': (dict(model.named_parameters()),) * 2,
         'nested': ({'epoch': 3, 'model': state, 'optimizer': optimizer.state_dict(), 'rate': 1e-3, 'note': 'ä', 'none': None,
                     'tuple': (1, 2.5, True), 'big': 2 ** 80}, state)}
for protocol in (3, 4, 5):
    torch.save(state, f'{dir}/protocol{protocol}.pt', pickle_protocol=protocol)
    save_file({k: v.contiguous() for k, v in state.items()}, f'{dir}/protocol{protocol}.safetensors')
for name, (saved, want) in cases.items():
    torch.save(saved, f'{dir}/{name}.pt')
    torch.save(saved, f'{dir}/{name}.old.pt', _use_new_zipfile_serialization=False)
    save_file({k: v.detach().clone(memory_format=torch.contiguous_format) for k, v in want.items()}, f'{dir}/{name}.safetensors')
)");
  ASSERT_EQ(result.exit_code, 0) << result.text;
  for (const std::string name : {"views", "state", "parameters", "nested", "protocol3", "protocol4", "protocol5",
                                 "views.old", "state.old", "parameters.old", "nested.old"}) {
    const TorchFile file(dir_ / (name + ".pt"));
    const SafetensorsFile want(dir_ / (name.substr(0, name.find('.')) + ".safetensors"));
    EXPECT_EQ(file.tensors().size(), want.tensors().size()) << name;
    for (const TensorView& tensor : file.tensors()) {
      const TensorView* same = want.find(tensor.name);
      ASSERT_NE(same, nullptr) << name << ": " << tensor.name;
      EXPECT_EQ(tensor.dtype, same->dtype);
      EXPECT_EQ(tensor.shape, same->shape);
      EXPECT_TRUE(std::ranges::equal(tensor.data, same->data)) << name << ": " << tensor.name;
    }
    if (name.starts_with("nested")) {
      EXPECT_THAT(file.left_out(), testing::Contains("'note' (a string)"));
    }
  }
}

TEST_F(TorchPython, LoadsOurFileOfEveryDtypeThatSafetensorsHas) {
  const std::vector<std::byte> zeros(16);
  std::vector<TensorView> views;
  for (const std::string dtype : {"F64", "F32", "F16", "BF16", "C64", "I64", "I32", "I16", "I8", "U64", "U32", "U16",
                                  "U8", "BOOL", "F8_E5M2", "F8_E4M3", "F8_E5M2FNUZ", "F8_E4M3FNUZ"})
    views.push_back({dtype, dtype, {2}, std::span(zeros).first(2 * dtype_bytes(dtype))});
  write_torch(dir_ / "all.pt", views);
  write_safetensors(dir_ / "all.safetensors", views, {});
  const auto result = run(R"(
import sys, torch
from safetensors.torch import load_file
ours, want = torch.load(sys.argv[1] + '/all.pt', weights_only=True), load_file(sys.argv[1] + '/all.safetensors')
assert ours.keys() == want.keys() and len(ours) == 18, ours.keys()
for name, value in want.items():
    assert (ours[name].dtype, ours[name].shape) == (value.dtype, value.shape), name
print('equal')
)");
  EXPECT_EQ(result.text, "equal\n");
}

// Each value next to a model's weights, in both formats: tlaunch accepts it if torch.load(weights_only=True) does.
TEST_F(TorchPython, WhatItLoadsWithWeightsOnlyIsTakenAndNothingElseThatItRefuses) {
  const auto result = run(R"(
import argparse, collections, datetime, enum, io, pathlib, sys, numpy, torch
dir = sys.argv[1]
net = torch.nn.Linear(3, 4)
tagged = torch.nn.Parameter(torch.ones(2)); tagged.note = 'x'
plain = torch.ones(2); plain.note = 'x'
class Sub(torch.Tensor): pass
class Color(enum.Enum): red = 1
values = dict(
    counter=collections.Counter({3: 1, 6: 1}), ordered=collections.OrderedDict(a=1), size=torch.Size([2, 3]),
    dtype=torch.float16, low_dtype=torch.uint4, qdtype=torch.qint8, scheme=torch.per_tensor_affine,
    device=torch.device('cuda:1'), layout=torch.strided, set={1, 2}, empty_set=set(), bytearray=bytearray(b'abc'),
    empty_bytearray=bytearray(), bytes=b'abc\xff', complex=1 + 2j, big=2 ** 100, infinite=float('inf'),
    coo=torch.eye(3).to_sparse(), csr=torch.eye(3).to_sparse_csr(), bsr=torch.eye(4).to_sparse_bsr((2, 2)),
    quantized=torch.quantize_per_tensor(torch.ones(3), .1, 0, torch.qint8),
    per_channel=torch.quantize_per_channel(torch.ones(3, 2), torch.ones(3), torch.zeros(3), 0, torch.quint8),
    uint16=torch.ones(2, dtype=torch.uint16), uint64=torch.ones(2, dtype=torch.uint64),
    float8=torch.ones(2).to(torch.float8_e4m3fn), e8m0=torch.ones(2).to(torch.float8_e8m0fnu),
    complex32=torch.ones(2, dtype=torch.complex32), complex64=torch.ones(2, dtype=torch.complex64),
    complex128=torch.ones(2, dtype=torch.complex128), conjugate=torch.ones(2, dtype=torch.complex64).conj(),
    negated=torch.ones(2, dtype=torch.complex64).conj().imag, parameter=net.weight, tagged=tagged, plain=plain,
    buffer=torch.nn.Buffer(torch.ones(2)), untyped=torch.UntypedStorage(4), typed=torch.ones(2).storage(),
    meta=torch.empty(2, device='meta'), nested=torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    generator=torch.Generator().get_state(), scheduler=torch.optim.lr_scheduler.MultiStepLR(
        torch.optim.SGD(net.parameters(), .1), [3, 6]).state_dict(),
    adam=torch.optim.Adam(net.parameters()).state_dict(),
    # refused by both:
    defaultdict=collections.defaultdict(list), numpy_scalar=numpy.float64(3), numpy_array=numpy.ones(2),
    numpy_dtype=numpy.dtype('f4'), subclass=Sub([1.]), enum=Color.red, date=datetime.datetime(2020, 1, 1),
    namespace=argparse.Namespace(a=1), path=pathlib.Path('x'), range=range(3), type=int, module=torch.nn.ReLU(),
    frozenset=frozenset({1}))
for name, value in values.items():
    for suffix, zip in ('.pt', True), ('.old.pt', False):
        torch.save({'model': net.state_dict(), 'x': value}, f'{dir}/{name}{suffix}', _use_new_zipfile_serialization=zip)
        try: torch.load(f'{dir}/{name}{suffix}', weights_only=True); taken = True
        except Exception as error: taken = False if 'GLOBAL' in str(error) else None  # it cannot read it
        if taken is not None: print('case', name + suffix, taken)
)");
  ASSERT_EQ(result.exit_code, 0) << result.text;
  std::istringstream lines(result.text);  // and PyTorch's warnings
  std::size_t taken_count = 0, refused_count = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first, name, taken;
    if (!(words >> first >> name >> taken) || first != "case") continue;
    std::string answer = "True";
    try {
      const TorchFile file(dir_ / name);
      EXPECT_EQ(file.tensors().size(), 2u) << name;
      EXPECT_THAT(file.left_out(), testing::ElementsAre(testing::StartsWith("'x' ("))) << name;
    } catch (const DataError& error) {
      answer = "False";
      EXPECT_THAT(error.what(), testing::HasSubstr("refers to ")) << name;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
    EXPECT_EQ(answer, taken) << name;
    ++(taken == "True" ? taken_count : refused_count);
  }
  EXPECT_GT(taken_count, 60u);
  EXPECT_GT(refused_count, 20u);
}

TEST_F(TorchPython, AWholeCutAnywhereInTheOldFormatIsRefused) {
  const auto result =
      run("import sys, torch\ntorch.save({'fc.weight': torch.ones(2, 3)}, sys.argv[1] + '/old.pt', "
          "_use_new_zipfile_serialization=False)");
  ASSERT_EQ(result.exit_code, 0) << result.text;
  const std::string whole = test::content(dir_ / "old.pt");
  ASSERT_EQ(TorchFile(dir_ / "old.pt").tensors().size(), 1u);
  for (std::size_t bytes = 20; bytes < whole.size(); ++bytes) {
    test::write(dir_ / "cut.pt", whole.substr(0, bytes));
    EXPECT_THROW(TorchFile(dir_ / "cut.pt"), DataError) << bytes;
  }
}

TEST_F(TorchPython, ItsOtherFilesAreRefusedWithAWayOut) {
  const auto result = run(R"(
import sys, torch
dir = sys.argv[1]
torch.save(torch.nn.Linear(2, 2), dir + '/module.pt')
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), dir + '/script.pt')
)");
  ASSERT_EQ(result.exit_code, 0) << result.text;
  const auto refusal = [&](const std::string& name) -> std::string {
    try {
      const TorchFile file(dir_ / name);
    } catch (const DataError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal("module.pt"), testing::HasSubstr("refers to torch.nn.modules.linear.Linear: not allowed"));
  EXPECT_THAT(refusal("script.pt"), testing::HasSubstr("TorchScript"));
}

}  // namespace
}  // namespace tlaunch
