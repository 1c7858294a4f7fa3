#!/usr/bin/env python3
"""checkpoints_test.py BIN_DIR export|import: weights go from us to Python and back. export: torch.load(weights_only=True)
and safetensors read our export, with equal tensors and equal logits, and Python's loss on the validation data equals
ours. import: a model trained in Python and written by torch.save and safetensors has the same validation loss and
accuracy here."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from skip import torch_or_skip

torch = torch_or_skip("safetensors")
from safetensors.torch import load_file, save_file  # noqa: E402
from torch.nn.functional import cross_entropy  # noqa: E402

from both import environment, initial_weights, overrides, resnet_case, run_ours  # noqa: E402
from datasets import make_dataset  # noqa: E402
from twin import model_of  # noqa: E402

TOLERANCE = 1e-5  # relative, of losses: sums in another order


def tlaunch(bin_dir, case, *arguments):
    done = subprocess.run([str(Path(bin_dir) / "tlaunch"), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, env=environment(case), timeout=250)
    if done.returncode != 0:
        sys.exit(f"tlaunch {' '.join(map(str, arguments))}\nexit {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout


def evaluated(model, data):
    """val_loss, val_accuracy and the logits of the first 256 samples."""
    model.eval()
    loss = right = 0
    with torch.no_grad():
        for begin in range(0, data.size("val"), 256):
            inputs, target = data.batch("val", range(begin, min(begin + 256, data.size("val"))), torch.float32)
            logits = model(inputs)
            first = logits if begin == 0 else first
            loss += cross_entropy(logits, target, reduction="sum").double().item()
            right += (logits.argmax(1) == target).sum().item()
    return loss / data.size("val"), right / data.size("val"), first


def check(name, ours, python):
    off = abs(ours - python) / abs(python)
    print(f"{name}: ours {ours:.9g}, Python's {python:.9g}, off by {off:.2g}")
    if not off <= TOLERANCE:
        sys.exit(f"FAILED {name}: at most {TOLERANCE} allowed")


def check_export(bin_dir, case, folder):
    weights = folder / "first.safetensors"
    initial_weights(case, weights)
    ours = run_ours(bin_dir, case, weights, folder)
    tlaunch(bin_dir, case, "checkpoints", "export", folder / "run", "--format", "torch", "--output", folder / "w.pt")
    tlaunch(bin_dir, case, "checkpoints", "export", folder / "run", "--output", folder / "w.safetensors")
    of_torch, of_safetensors = torch.load(folder / "w.pt", weights_only=True), load_file(folder / "w.safetensors")
    assert of_torch.keys() == of_safetensors.keys() == ours["model"].keys()
    for name, tensor in ours["model"].items():
        for other in (of_torch[name], of_safetensors[name]):
            assert other.dtype == tensor.dtype and torch.equal(other, tensor), name
    data, logits = make_dataset(case), []
    for state in (of_torch, of_safetensors):
        model = model_of(case, data.shape)
        model.load_state_dict(state, strict=True)
        loss, accuracy, first = evaluated(model, data)
        logits.append(first)
    assert torch.equal(*logits)
    check("val_loss", ours["val_loss"], loss)
    check("val_accuracy", ours["val_accuracy"], accuracy)


def train(model, data, steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step in range(steps):
        inputs, target = data.batch("train", range(64 * step, 64 * (step + 1)), torch.float32)
        optimizer.zero_grad()
        cross_entropy(model(inputs), target).backward()
        optimizer.step()
    return optimizer


def check_import(bin_dir, case, folder):
    torch.manual_seed(0)
    data = make_dataset(case)
    model = model_of(case, data.shape)
    optimizer = train(model, data, 20)
    loss, accuracy, _ = evaluated(model, data)
    torch.save(model.state_dict(), folder / "state.pt")
    torch.save({"epoch": 1, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, folder / "whole.pt")
    torch.save(model.to(memory_format=torch.channels_last).state_dict(), folder / "channels_last.pt")
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, folder / "state.safetensors")
    for name in ("state.pt", "whole.pt", "channels_last.pt", "state.safetensors"):
        tlaunch(bin_dir, case, "checkpoints", "import", folder / name, "--output", folder / "in.safetensors")
        imported = load_file(folder / "in.safetensors")
        assert imported.keys() == model.state_dict().keys()
        assert all(torch.equal(imported[key], tensor) for key, tensor in model.state_dict().items()), name
    (folder / "case.yaml").write_text("name: referee\n")
    answer = tlaunch(bin_dir, case, "evaluate", folder / "case.yaml", *overrides(case | {"tune.enabled": False}),
                     "--checkpoint", folder / "in.safetensors", "--nproc", 1, "--json")
    metrics = json.loads(answer)["metrics"]
    check("val_loss", metrics["val_loss"], loss)
    check("val_accuracy", metrics["val_accuracy"], accuracy)


def main():
    bin_dir, what = sys.argv[1:]
    torch.set_num_threads(1)
    case = resnet_case(**{"ranks": 1, "train.max_steps": 20})
    with tempfile.TemporaryDirectory() as folder:
        {"export": check_export, "import": check_import}[what](bin_dir, case, Path(folder))


if __name__ == "__main__":
    main()
