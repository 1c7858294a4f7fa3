#!/usr/bin/env python3
"""losses_test.py BIN_DIR CASE: 50 steps of two ranks, ours against Python's DistributedDataParallel from the same
weights on the same batches. Every step's loss, the loss on the validation data after them, and every tensor of the
model in our checkpoint, BatchNorm's buffers included (rank 0's on both sides), must agree: to 1e-9 relative in float64,
to 1e-5 in float32 (with threads, memory layout, fused optimizer and buckets equal)."""
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
        "model.dtype": "float64", "model.input": "embedding",
        "train.batch_size": 8, "train.gradient_accumulation_steps": 3,
        "train.optimizer": "sgd", "train.momentum": 0.9, "train.learning_rate": 0.05}),
    "lstm_float32": lambda: lstm_case(**{"train.optimizer": "adam", "train.weight_decay": 0.0}),
    "resnet_float64": lambda: resnet_case(**{"model.dtype": "float64", "train.batch_size": 16}),
    "resnet_float32": lambda: resnet_case(),
    "resnet_float32_channels_last": lambda: resnet_case(**{
        "gpu.channels_last": True, "train.optimizer": "sgd", "train.momentum": 0.9, "train.learning_rate": 0.05}),
}


def relative(a, b):
    return abs(a - b) / abs(b)


def tensor_difference(a, b):
    """Largest difference, relative to the tensor's largest number."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    return ((a.double() - b.double()).abs().max() / b.double().abs().max().clamp_min(1e-30)).item()


def compare(ours, theirs, tolerance):
    """What was found, and what is wrong."""
    losses = [relative(a, b) for a, b in zip(ours["losses"], theirs["losses"])]
    tensors = {name: tensor_difference(ours["model"].get(name, tensor[None]), tensor)  # absent: another shape
               for name, tensor in theirs["model"].items()}
    off = {"losses of the steps": max(losses), "val_loss": relative(ours["val_loss"], theirs["val_loss"]),
           "tensors of the model": max(tensors.values())}
    wrong = [f"{what}: {value:.3g} apart, at most {tolerance} allowed"
             for what, value in off.items() if not value <= tolerance]
    wrong += [f"{name}: {value:.3g} apart" for name, value in tensors.items() if not value <= tolerance]
    if not len(ours["losses"]) == len(theirs["losses"]) == STEPS:
        wrong.append(f"{len(ours['losses'])} losses of ours and {len(theirs['losses'])} of the twin, {STEPS} expected")
    if set(ours["model"]) != set(theirs["model"]):
        wrong.append(f"tensors of one side only: {sorted(set(ours['model']) ^ set(theirs['model']))}")
    if not theirs["losses"][-1] < theirs["losses"][0]:
        wrong.append("the loss did not fall: the case tests nothing")
    return off, wrong


def main():
    bin_dir, name = sys.argv[1:]
    case = CASES[name]() | {"train.max_steps": STEPS}
    with tempfile.TemporaryDirectory(prefix="tlaunch-referee-") as scratch:
        folder = Path(scratch)
        weights = folder / "weights.safetensors"
        initial_weights(case, weights)
        ours, theirs = run_ours(bin_dir, case, weights, folder), run_twin(case, weights, folder)
    off, wrong = compare(ours, theirs, 1e-9 if case["model.dtype"] == "float64" else 1e-5)
    print(f"{name}: loss {theirs['losses'][0]:.6f} -> {theirs['losses'][-1]:.6f}; largest relative differences: "
          + ", ".join(f"{what} {value:.3g}" for what, value in off.items()))
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
