#!/usr/bin/env python3
"""check_model.py FILE.safetensors ...: checks that our models compute the same as the PyTorch models.

Each file (written by tests/unit/models/referee_test.cpp) holds weights, a batch, and our logits, loss, gradients and
buffers after one training forward and backward, then our logits in evaluation mode. The weights must load with
strict=True, be those that PyTorch itself draws from the same seed, and give the same numbers. Tolerance, relative to the
largest number of each tensor: 1e-12 in float64, 1e-5 in float32."""
import json
import sys

from skip import torch_or_skip

torch = torch_or_skip("safetensors")
from safetensors import safe_open  # noqa: E402

from models import make_model  # noqa: E402


def difference(ours, theirs):
    return ((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1e-30)).item()


def check(path):
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["referee"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    dtype = getattr(torch, about["dtype"])
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    weights = {name.removeprefix("weights/"): t for name, t in tensors.items() if name.startswith("weights/")}

    torch.manual_seed(about["seed"])
    model = make_model(about["model"], about["options"], about["shape"]).to(dtype)
    failures = [f"{name}: not what PyTorch draws from seed {about['seed']}" for name, t in model.state_dict().items()
                if name in weights and not torch.equal(t, weights[name])]
    model.load_state_dict(weights, strict=True)
    model.train()
    logits = model(tensors["input"])
    loss = torch.nn.functional.cross_entropy(logits, tensors["target"])
    loss.backward()
    pairs = {"logits": logits.detach(), "loss": loss.detach()}
    pairs |= {f"gradient/{name}": p.grad for name, p in model.named_parameters()}
    pairs |= {f"buffer/{name}": b for name, b in model.named_buffers()}
    model.eval()
    with torch.no_grad():
        pairs["eval_logits"] = model(tensors["input"])

    ours = {name for name in tensors if name.startswith(("gradient/", "buffer/"))}
    failures += [f"{name}: PyTorch has no such tensor" for name in sorted(ours - set(pairs))]
    worst = 0.0
    for name, theirs in pairs.items():
        if name not in tensors:
            failures.append(f"{name}: missing in ours")
            continue
        if (tensors[name].shape, tensors[name].dtype) != (theirs.shape, theirs.dtype):
            failures.append(f"{name}: {tensors[name].dtype} {list(tensors[name].shape)}, "
                            f"PyTorch's is {theirs.dtype} {list(theirs.shape)}")
            continue
        off = difference(tensors[name].to(torch.float64), theirs.to(torch.float64))
        worst = max(worst, off)
        if not off <= tolerance:
            failures.append(f"{name}: off by {off:.3g} of its largest number, at most {tolerance} allowed")
    print(f"{path}: {len(pairs)} tensors, worst difference {worst:.3g}")
    for failure in failures:
        print("  FAILED", failure)
    return not failures


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(0 if all([check(path) for path in sys.argv[1:]]) else 1)
