#!/usr/bin/env python3
"""losses_test.py BIN_DIR CASE: 50 steps of two ranks, ours against Python's DistributedDataParallel from the same
weights on the same batches. Every step's loss must agree: to 1e-9 relative in float64, to 1e-5 in float32 (with threads,
memory layout, fused optimizer and buckets equal)."""
import sys
import tempfile
from pathlib import Path

from skip import torch_or_skip

torch_or_skip()
from both import initial_weights, lstm_case, resnet_case, run_ours, run_twin  # noqa: E402

STEPS = 50
CASES = {
    "lstm_float64": lambda: lstm_case(**{"model.dtype": "float64"}),
    "lstm_float64_accumulation": lambda: lstm_case(**{
        "model.dtype": "float64", "model.input": "embedding", "train.batch_size": 8, "train.gradient_accumulation_steps": 3,
        "train.optimizer": "sgd", "train.momentum": 0.9, "train.learning_rate": 0.05}),
    "lstm_float32": lambda: lstm_case(**{"train.optimizer": "adam", "train.weight_decay": 0.0}),
    "resnet_float64": lambda: resnet_case(**{"model.dtype": "float64", "train.batch_size": 16}),
    "resnet_float32": lambda: resnet_case(),
    "resnet_float32_channels_last": lambda: resnet_case(**{
        "gpu.channels_last": True, "train.optimizer": "sgd", "train.momentum": 0.9, "train.learning_rate": 0.05}),
}


def main():
    bin_dir, name = sys.argv[1:]
    case = CASES[name]() | {"train.max_steps": STEPS}
    tolerance = 1e-9 if case["model.dtype"] == "float64" else 1e-5
    with tempfile.TemporaryDirectory(prefix="tlaunch-referee-") as scratch:
        folder = Path(scratch)
        weights = folder / "weights.safetensors"
        initial_weights(case, weights)
        ours = run_ours(bin_dir, case, weights, folder)["losses"]
        theirs = run_twin(case, weights, folder)["losses"]
    if not len(ours) == len(theirs) == STEPS:
        sys.exit(f"{len(ours)} losses of ours and {len(theirs)} of the twin, {STEPS} expected")
    off = [abs(a - b) / abs(b) for a, b in zip(ours, theirs)]
    worst = max(range(STEPS), key=off.__getitem__)
    print(f"{name}: loss {theirs[0]:.6f} -> {theirs[-1]:.6f}; largest relative difference {off[worst]:.3g} at step {worst + 1}")
    if not theirs[-1] < theirs[0]:
        sys.exit("the loss did not fall: the case tests nothing")
    if not off[worst] <= tolerance:
        sys.exit(f"more than {tolerance}: ours {ours[worst]!r}, the twin's {theirs[worst]!r}")


if __name__ == "__main__":
    main()
