#!/usr/bin/env python3
"""accuracy_test.py BIN_DIR: a complete short training on Fashion-MNIST, with augmentation, ours and the Python twin's,
with three seeds. The mean accuracies on the test images must be within 0.5 points."""
import sys
import tempfile
from pathlib import Path

from skip import torch_or_skip

torch_or_skip()
from both import initial_weights, resnet_case, run_ours, run_twin  # noqa: E402

SEEDS = (0, 1, 2)
EPOCHS = 2


def main():
    bin_dir, = sys.argv[1:]
    ours, theirs = [], []
    for seed in SEEDS:
        case = resnet_case(**{
            "seed": seed, "deterministic": False, "data.augment": True, "gpu.channels_last": True,
            "train.epochs": EPOCHS, "train.batch_size": 128, "train.learning_rate": 5e-3, "train.warmup_steps": 20})
        with tempfile.TemporaryDirectory(prefix="tlaunch-referee-") as scratch:
            folder = Path(scratch)
            weights = folder / "weights.safetensors"
            initial_weights(case, weights)
            ours.append(run_ours(bin_dir, case, weights, folder, timeout_s=600)["val_accuracy"])
            theirs.append(run_twin(case, weights, folder, timeout_s=600)["val_accuracy"])
        print(f"seed {seed}: ours {ours[-1]:.4f}, the twin's {theirs[-1]:.4f}", flush=True)
    difference = (sum(ours) - sum(theirs)) / len(SEEDS)
    print(f"mean difference {100 * difference:+.2f} points")
    if not min(theirs) > 0.8:
        sys.exit("the twin did not learn: the test shows nothing")
    if not abs(difference) <= 0.005:
        sys.exit("more than 0.5 points apart")


if __name__ == "__main__":
    main()
