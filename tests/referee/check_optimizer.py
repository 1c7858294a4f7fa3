#!/usr/bin/env python3
"""check_optimizer.py FILE.safetensors ...: checks that our optimizers step as torch.optim's fused ones do.

Each file (written by tests/unit/trainer/optimizer_test.cpp) holds start/<parameter>, gradient/<step>/<parameter>,
end/<parameter> and state/<name>; its metadata holds kind, rates and the other settings. Tolerance: 1e-12, in float64."""
import json
import sys

from skip import torch_or_skip

torch = torch_or_skip("safetensors")
from safetensors import safe_open  # noqa: E402


def make(about, parameters):
    rate, decay = about["learning_rates"][0], about["weight_decay"]
    if about["kind"] == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=about["momentum"], weight_decay=decay, fused=True)
    kind = torch.optim.AdamW if about["kind"] == "adamw" else torch.optim.Adam
    return kind(parameters, lr=rate, weight_decay=decay, fused=True)


def check(path):
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["referee"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    names = [name.removeprefix("start/") for name in tensors if name.startswith("start/")]
    parameters = {name: torch.nn.Parameter(tensors["start/" + name].clone()) for name in names}
    optimizer = make(about, parameters.values())
    for step, rate in enumerate(about["learning_rates"]):
        for name, parameter in parameters.items():
            parameter.grad = tensors[f"gradient/{step}/{name}"].clone()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    pairs = {"end/" + name: parameter.detach() for name, parameter in parameters.items()}
    for name, parameter in parameters.items():
        state = optimizer.state[parameter]
        pairs |= {f"state/{key}.{name}": value for key, value in state.items() if value is not None}
    ours = {name for name in tensors if name.startswith(("end/", "state/"))}
    failures = [f"{name}: only one side has it" for name in sorted(ours ^ set(pairs))]
    worst = 0.0
    for name in sorted(ours & set(pairs)):
        off = (tensors[name].double() - pairs[name].double()).abs().max().item()
        worst = max(worst, off)
        if not off <= 1e-12:
            failures.append(f"{name}: off by {off:.3g}")
    print(f"{path}: {about['kind']}, {len(pairs)} tensors, worst difference {worst:.3g}")
    for failure in failures:
        print("  FAILED", failure)
    return not failures


if __name__ == "__main__":
    sys.exit(0 if all([check(path) for path in sys.argv[1:]]) else 1)
