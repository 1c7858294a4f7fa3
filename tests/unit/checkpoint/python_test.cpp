// Python's safetensors and tlaunch read each other's files.
#include <gmock/gmock.h>

#include <cstring>

#include "checkpoint/safetensors/safetensors.h"
#include "tests/unit/checkpoint/python_fixture.h"

namespace tlaunch {
namespace {

using SafetensorsPython = test::PythonTest;

TEST_F(SafetensorsPython, LoadsOurFileWithEqualValues) {
  const test::SmallCheckpoint small;
  write_safetensors(dir_ / "ours.safetensors", small.views(), small.metadata);
  const auto result = run(R"(
import sys, torch
from safetensors import safe_open
from safetensors.torch import load_file
t = load_file(sys.argv[1])
assert len(t) == 6, t.keys()
want = {
    'fc.weight': torch.tensor([[1., 2., 3.], [4., 5., 6.]]),
    'fc.bias': torch.zeros(0),
    'fc.half': torch.tensor([1., -2., float('inf')], dtype=torch.bfloat16),
    'bn.num_batches_tracked': torch.tensor(-3),
    'tlaunch.rng.0': torch.tensor([7, 0, 255], dtype=torch.uint8),
    'tlaunch.optimizer.exp_avg.fc': torch.tensor([[0.5], [-0.25]], dtype=torch.float64),
}
for name, value in want.items():
    assert t[name].dtype == value.dtype and t[name].shape == value.shape and torch.equal(t[name], value), (name, t[name])
with safe_open(sys.argv[1], 'pt') as f:
    m = f.metadata()
assert m['tlaunch.step'] == '12' and m['tlaunch.epoch'] == '3', m
print('equal')
)",
                          dir_ / "ours.safetensors");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.text, "equal\n");
}

TEST_F(SafetensorsPython, ItsFileOpensHere) {
  const auto result = run(R"(
import sys, numpy
from safetensors.numpy import save_file
save_file({'w': numpy.arange(6, dtype=numpy.float32).reshape(2, 3), 'n': numpy.array(-7), 'b': numpy.array([True, False])},
          sys.argv[1], metadata={'format': 'np', 'note': 'ä'})
)",
                          dir_ / "theirs.safetensors");
  ASSERT_EQ(result.exit_code, 0) << result.text;
  const SafetensorsFile file(dir_ / "theirs.safetensors");
  file.verify();
  EXPECT_EQ(file.metadata(), (Metadata{{"format", "np"}, {"note", "ä"}}));
  ASSERT_EQ(file.tensors().size(), 3u);
  const TensorView* w = file.find("w");
  ASSERT_TRUE(w && file.find("n") && file.find("b"));
  EXPECT_EQ(w->dtype, "F32");
  EXPECT_EQ(w->shape, (std::vector<std::int64_t>{2, 3}));
  const std::vector<float> want{0, 1, 2, 3, 4, 5};
  EXPECT_EQ(std::memcmp(w->data.data(), want.data(), w->data.size()), 0);
  std::int64_t n = 0;
  std::memcpy(&n, file.find("n")->data.data(), sizeof n);
  EXPECT_EQ(n, -7);
  EXPECT_EQ(file.find("b")->dtype, "BOOL");
}

}  // namespace
}  // namespace tlaunch
