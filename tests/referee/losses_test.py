#!/usr/bin/env python3
"""losses_test.py BIN_DIR CASE [RESULT.json] | --list: trains 50 steps, ours against Python's DistributedDataParallel, from
the same weights on the same batches, with two ranks on the CPU or one on a card (cases cuda_*). The loss of every step,
the loss on the validation data after them, and every tensor of the model in our checkpoint, BatchNorm's buffers included
(rank 0's on both sides), must agree within TOLERANCE (with threads, memory layout, fused optimizer and buckets equal)."""
import json
import sys
import tempfile
from pathlib import Path

from skip import torch_or_skip

torch_or_skip()
from both import cuda_or_skip, initial_weights, lstm_case, resnet_case, run_ours, run_twin  # noqa: E402

STEPS = 50
# Relative. On a card, if another kernel is chosen, the last bit of a reduced precision (2^-8 of bf16, 2^-11 of fp16 and
# TF32) may differ, and the difference grows in 50 steps. On the CPU both sides run the same kernels, in bf16 too.
TOLERANCE = {"float64": 1e-9, "float32": 1e-5, "bf16": 3e-2, "fp16": 1e-2, "tf32": 1e-2}
CPU_CASES = {
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
    "lstm_float32_step_schedule_clipped": lambda: lstm_case(**{
        "train.batch_size": 4096, "train.schedule": "step", "train.step_epochs": 2, "train.step_gamma": 0.3,
        "train.warmup_steps": 0, "train.clip_grad_norm": 0.2}),
    "lstm_bf16": lambda: lstm_case(**{"gpu.mixed_precision": "bf16"}),
    "resnet_bf16": lambda: resnet_case(**{"gpu.mixed_precision": "bf16"}),
}


def on_cuda(make, **changes):
    def case():
        cuda_or_skip()
        return make(**{"device": "cuda", "ranks": 1, "gpu.tf32": False} | changes)
    return case


CUDA_CASES = {
    f"cuda_{model}_{name}": on_cuda(make, **changes)
    for model, make in (("lstm", lstm_case), ("resnet", resnet_case))
    for name, changes in {
        "float32": {},
        "tf32": {"gpu.tf32": True},
        "bf16": {"gpu.mixed_precision": "bf16"},
        "fp16": {"gpu.mixed_precision": "fp16"},
        "float32_accumulation_clipped": {"train.gradient_accumulation_steps": 2, "train.clip_grad_norm": 0.2},
    }.items()
} | {"cuda_resnet_bf16_channels_last": on_cuda(
    resnet_case, **{"gpu.mixed_precision": "bf16", "gpu.channels_last": True})}
CASES = CPU_CASES | CUDA_CASES


def tolerance_of(case):
    if case["device"] == "cuda" and case["gpu.mixed_precision"] != "off":
        return TOLERANCE[case["gpu.mixed_precision"]]
    return TOLERANCE["tf32" if case.get("gpu.tf32") else case["model.dtype"]]


def relative(a, b):
    return abs(a - b) / abs(b)


def tensor_difference(a, b):
    """Largest difference, relative to the tensor's largest number."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    return ((a.double() - b.double()).abs().max() / b.double().abs().max().clamp_min(1e-30)).item()


def compare(ours, theirs, tolerance):
    """Returns the differences, and a list of what is wrong."""
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
    if sys.argv[1:] == ["--list"]:
        print(*CASES, sep="\n")
        return
    bin_dir, name, *result = sys.argv[1:]
    case = CASES[name]() | {"train.max_steps": STEPS}
    with tempfile.TemporaryDirectory(prefix="tlaunch-referee-") as scratch:
        folder = Path(scratch)
        weights = folder / "weights.safetensors"
        initial_weights(case, weights)
        ours, theirs = run_ours(bin_dir, case, weights, folder), run_twin(case, weights, folder)
    off, wrong = compare(ours, theirs, tolerance_of(case))
    print(f"{name}: loss {theirs['losses'][0]:.6f} -> {theirs['losses'][-1]:.6f}; largest relative differences: "
          + ", ".join(f"{what} {value:.3g}" for what, value in off.items()))
    for path in result:
        Path(path).write_text(json.dumps({"case": name, "relative_differences": off, "tolerance": tolerance_of(case),
                                          "losses": ours["losses"], "python_losses": theirs["losses"], "wrong": wrong}))
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
