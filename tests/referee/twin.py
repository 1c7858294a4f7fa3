#!/usr/bin/env python3
"""The Python twin of our training: torch DistributedDataParallel over Gloo, torch.optim's fused optimizers, our order
of samples. Started by torchrun:

    torchrun --nproc_per_node 2 twin.py --config CASE.json --weights W.safetensors --output FOLDER

CASE.json holds the dotted keys of our config (see both.py). Rank 0 writes FOLDER/twin.json, {"losses": [one a step,
mean over all ranks], "val_loss", "val_accuracy"}, and its model at the end as FOLDER/twin.safetensors."""
import argparse
import json
import math
import os

import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from datasets import make_dataset
from models import make_model
from order import micro_batch, permutation


def model_of(config, shape):
    options = {key.removeprefix("model."): value for key, value in config.items() if key.startswith("model.")}
    return make_model(config["model.name"], options, shape).to(getattr(torch, config["model.dtype"]))


def save_model(model, path):
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path)


def optimizer_of(config, parameters):
    rate, decay = config["train.learning_rate"], config["train.weight_decay"]
    if config["train.optimizer"] == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=config["train.momentum"], weight_decay=decay, fused=True)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config["train.optimizer"]]
    return kind(parameters, lr=rate, weight_decay=decay, fused=True)


def learning_rate(config, step, total_steps):
    """Linear warm-up, then cosine to 0 or constant (trainer/schedule.h)."""
    full, warmup = config["train.learning_rate"], config["train.warmup_steps"]
    if step < warmup:
        return full * (step + 1) / warmup
    if config["train.schedule"] == "cosine":
        return full * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total_steps - warmup)))
    assert config["train.schedule"] == "constant"
    return full


def channels_last(model):
    """The 1x1 kernels too: contiguous() would leave their strides, and DDP would warn about them."""
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = torch.empty_like(parameter, memory_format=torch.channels_last).copy_(parameter.detach())


class Twin:
    def __init__(self, config, weights):
        self.config = config
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        self.data = make_dataset(config)
        self.dtype = getattr(torch, config["model.dtype"])
        model = model_of(config, self.data.shape)
        model.load_state_dict(load_file(weights), strict=True)
        if config["gpu.channels_last"]:
            channels_last(model)
        self.model = DistributedDataParallel(model, gradient_as_bucket_view=True)
        self.optimizer = optimizer_of(config, self.model.parameters())
        torch.manual_seed(config["seed"] * 1000 + self.rank)  # augmentation

    def batch(self, split, indices):
        inputs, target = self.data.batch(split, indices, self.dtype)
        if self.config["gpu.channels_last"]:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        return inputs, target

    def step(self, order, step_in_epoch):
        """One optimizer step; the global mean loss."""
        micro, accumulation = self.config["train.batch_size"], self.config["train.gradient_accumulation_steps"]
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), dtype=torch.float64)
        for m in range(accumulation):
            indices = micro_batch(order, step_in_epoch, m, self.rank, micro, accumulation, self.world)
            inputs, target = self.batch("train", indices)
            self.model.require_backward_grad_sync = m + 1 == accumulation  # what no_sync() sets
            loss = cross_entropy(self.model(inputs), target) / accumulation
            loss.backward()
            total += loss.detach()
        self.optimizer.step()
        dist.all_reduce(total)
        return total.item() / self.world

    def train(self):
        effective = self.config["train.batch_size"] * self.config["train.gradient_accumulation_steps"] * self.world
        steps_per_epoch = self.data.size("train") // effective
        total_steps = self.config.get("train.max_steps") or self.config["train.epochs"] * steps_per_epoch
        losses = []
        for step in range(total_steps):
            epoch, step_in_epoch = divmod(step, steps_per_epoch)
            if step_in_epoch == 0:
                order = permutation(self.data.size("train"), self.config["seed"], epoch)
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.config, step, total_steps)
            losses.append(self.step(order, step_in_epoch))
        return losses

    def evaluate(self):
        model = self.model.module.eval()
        for buffer in model.buffers():
            dist.broadcast(buffer, 0)
        sums = torch.zeros(3, dtype=torch.float64)
        with torch.no_grad():
            for begin in range(self.rank * 256, self.data.size("val"), self.world * 256):
                inputs, target = self.batch("val", range(begin, min(begin + 256, self.data.size("val"))))
                logits = model(inputs)
                sums += torch.tensor([cross_entropy(logits, target, reduction="sum").item(),
                                      (logits.argmax(1) == target).sum().item(), len(target)], dtype=torch.float64)
        dist.all_reduce(sums)
        return {"val_loss": (sums[0] / sums[2]).item(), "val_accuracy": (sums[1] / sums[2]).item()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--output", required=True)
    args = parser.parse_args()
    with open(args.config) as file:
        config = json.load(file)
    torch.use_deterministic_algorithms(config["deterministic"])
    torch.utils.deterministic.fill_uninitialized_memory = False
    dist.init_process_group("gloo")
    twin = Twin(config, args.weights)
    result = {"losses": twin.train()} | twin.evaluate()
    if twin.rank == 0:
        with open(args.output + "/twin.json", "w") as file:
            json.dump(result, file)
        save_model(twin.model.module, args.output + "/twin.safetensors")
    # No teardown: PyTorch 2.11 hangs there now and then (3 of 50 runs). ~ProcessGroupGloo takes its queue's lock while
    # holding the GIL; the queue's thread, which holds that lock, wants the GIL to let go of the last work's tensors.
    os._exit(0)


if __name__ == "__main__":
    main()
