// PyTorch and we read each other's .pt files.
#include <gmock/gmock.h>

#include "checkpoint/torch_file.h"
#include "core/error.h"
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

// Python writes what it is, and a .safetensors with the tensors that we must find.
TEST_F(TorchPython, ItsFilesOpenHere) {
  const auto result = run(R"(
import sys, torch
from safetensors.torch import save_file
dir = sys.argv[1]
torch.manual_seed(0)
x = torch.arange(24.).reshape(2, 3, 4)
kinds = {str(d).split('.')[1]: torch.tensor([0, 1, 100]).to(d) for d in (torch.float64, torch.float16, torch.bfloat16,
         torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)}
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
    save_file({k: v.detach().clone(memory_format=torch.contiguous_format) for k, v in want.items()}, f'{dir}/{name}.safetensors')
)");
  ASSERT_EQ(result.exit_code, 0) << result.text;
  for (const std::string name : {"views", "state", "parameters", "nested", "protocol3", "protocol4", "protocol5"}) {
    const TorchFile file(dir_ / (name + ".pt"));
    const SafetensorsFile want(dir_ / (name + ".safetensors"));
    EXPECT_EQ(file.tensors().size(), want.tensors().size()) << name;
    for (const TensorView& tensor : file.tensors()) {
      const TensorView* same = want.find(tensor.name);
      ASSERT_NE(same, nullptr) << name << ": " << tensor.name;
      EXPECT_EQ(tensor.dtype, same->dtype);
      EXPECT_EQ(tensor.shape, same->shape);
      EXPECT_TRUE(std::ranges::equal(tensor.data, same->data)) << name << ": " << tensor.name;
    }
    if (name == "nested") {
      EXPECT_THAT(file.left_out(), testing::Contains("'note' (a text)"));
    }
  }
}

TEST_F(TorchPython, ItsOtherFilesAreRefusedWithAWayOut) {
  const auto result = run(R"(
import sys, torch
dir = sys.argv[1]
torch.save(torch.nn.Linear(2, 2), dir + '/module.pt')
torch.save({'w': torch.ones(2)}, dir + '/old.pt', _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), dir + '/script.pt')
torch.save({'w': torch.ones(2, dtype=torch.complex64)}, dir + '/complex.pt')
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
  EXPECT_THAT(refusal("old.pt"), testing::HasSubstr("torch.save(torch.load(FILE, weights_only=True), NEW_FILE)"));
  EXPECT_THAT(refusal("script.pt"), testing::HasSubstr("TorchScript"));
  EXPECT_THAT(refusal("complex.pt"), testing::HasSubstr("torch.ComplexFloatStorage"));
}

}  // namespace
}  // namespace tlaunch
