#!/usr/bin/env python3
"""The Python twin of our training: torch DistributedDataParallel over Gloo or NCCL, torch.autocast, torch.amp.GradScaler,
torch.optim's fused optimizers, our order of samples. torchrun starts it:

    torchrun --nproc_per_node 2 twin.py --config CASE.json --weights W.safetensors --output FOLDER

CASE.json holds the dotted keys of our config and the device (see both.py). Rank 0 writes FOLDER/twin.json, {"losses":
[one per step, mean over all ranks], "val_loss", "val_accuracy"}, and its model at the end as FOLDER/twin.safetensors."""
import argparse
import json
import math
import os

import torch
import torch.distributed as dist
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from datasets import make_dataset
from models import make_model
from order import micro_batch, permutation
import tensors


def model_of(config, shape):
    options = {key.removeprefix("model."): value for key, value in config.items() if key.startswith("model.")}
    return make_model(config["model.name"], options, shape).to(getattr(torch, config["model.dtype"]))


def optimizer_of(config, parameters):
    rate, decay = config["train.learning_rate"], config["train.weight_decay"]
    if config["train.optimizer"] == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=config["train.momentum"], weight_decay=decay, fused=True)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config["train.optimizer"]]
    return kind(parameters, lr=rate, weight_decay=decay, fused=True)


def learning_rate(config, step, total_steps, steps_per_epoch):
    """Linear warm-up, then cosine to 0, a factor every step_epochs epochs, or constant (trainer/setup/schedule.h)."""
    full, warmup = config["train.learning_rate"], config["train.warmup_steps"]
    if step < warmup:
        return full * (step + 1) / warmup
    if config["train.schedule"] == "cosine":
        return full * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total_steps - warmup)))
    if config["train.schedule"] == "step":
        return full * config["train.step_gamma"] ** (step // steps_per_epoch // config["train.step_epochs"])
    assert config["train.schedule"] == "constant"
    return full


def set_flags(config):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = config.get("gpu.tf32", False)
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(config["deterministic"])
    torch.utils.deterministic.fill_uninitialized_memory = False


def channels_last(model):
    """Sets 1x1 kernels too: contiguous() would leave their strides unchanged, and DDP would warn about them."""
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = torch.empty_like(parameter, memory_format=torch.channels_last).copy_(parameter.detach())


class Twin:
    def __init__(self, config, weights):
        self.config = config
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        self.data = make_dataset(config)
        self.dtype = getattr(torch, config["model.dtype"])
        self.device = torch.device(config["device"], self.rank if config["device"] == "cuda" else None)
        half = {"off": None, "bf16": torch.bfloat16, "fp16": torch.float16}[config["gpu.mixed_precision"]]
        self.autocast = lambda: torch.autocast(self.device.type, dtype=half, enabled=half is not None)
        # Autocast runs cuDNN's LSTM in fp16 even if bf16 is requested (trainer/device/precision.h).
        lstm_on_card = config["model.name"] == "lstm" and self.device.type == "cuda"
        fp16 = half == torch.float16 or half is not None and lstm_on_card
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=fp16)
        model = model_of(config, self.data.shape)
        model.load_state_dict(tensors.load(weights), strict=True)
        model.to(self.device)
        if config["gpu.channels_last"]:
            channels_last(model)
        self.model = DistributedDataParallel(model, gradient_as_bucket_view=True)
        self.optimizer = optimizer_of(config, self.model.parameters())
        torch.manual_seed(config["seed"] * 1000 + self.rank)  # augmentation

    def batch(self, split, indices):
        inputs, target = self.data.batch(split, indices, self.dtype)
        if self.config["gpu.channels_last"]:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        return inputs.to(self.device), target.to(self.device)

    def logits(self, model, inputs):
        """Logits in float32 at least, as the loss needs them."""
        with self.autocast():
            out = model(inputs)
        return out if out.dtype == torch.float64 else out.float()

    def step(self, order, step_in_epoch):
        """Does one optimizer step and returns the mean loss over all ranks."""
        micro, accumulation = self.config["train.batch_size"], self.config["train.gradient_accumulation_steps"]
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        for m in range(accumulation):
            indices = micro_batch(order, step_in_epoch, m, self.rank, micro, accumulation, self.world)
            inputs, target = self.batch("train", indices)
            self.model.require_backward_grad_sync = m + 1 == accumulation  # what no_sync() sets
            loss = cross_entropy(self.logits(self.model, inputs), target) / accumulation
            self.scaler.scale(loss).backward()
            total += loss.detach()
        self.scaler.unscale_(self.optimizer)
        if "train.clip_grad_norm" in self.config:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config["train.clip_grad_norm"])
        self.scaler.step(self.optimizer)
        self.scaler.update()
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
                group["lr"] = learning_rate(self.config, step, total_steps, steps_per_epoch)
            losses.append(self.step(order, step_in_epoch))
        return losses

    def evaluate(self):
        model = self.model.module.eval()
        for buffer in model.buffers():
            dist.broadcast(buffer, 0)
        sums = torch.zeros(3, dtype=torch.float64, device=self.device)
        with torch.no_grad():
            for begin in range(self.rank * 256, self.data.size("val"), self.world * 256):
                inputs, target = self.batch("val", range(begin, min(begin + 256, self.data.size("val"))))
                logits = self.logits(model, inputs)
                sums += torch.stack([cross_entropy(logits, target, reduction="sum").double(),
                                     (logits.argmax(1) == target).sum(), torch.tensor(len(target)).to(target)])
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
    set_flags(config)
    dist.init_process_group("nccl" if config["device"] == "cuda" else "gloo")
    twin = Twin(config, args.weights)
    result = {"losses": twin.train()} | twin.evaluate()
    if twin.rank == 0:
        with open(args.output + "/twin.json", "w") as file:
            json.dump(result, file)
        tensors.save(twin.model.module.state_dict(), args.output + "/twin.safetensors")
    # No teardown, because PyTorch 2.11 sometimes hangs there (3 of 50 runs): ~ProcessGroupGloo waits for its queue's lock
    # while it holds the GIL, and the queue's thread, which holds that lock, needs the GIL to free the last work's tensors.
    os._exit(0)


if __name__ == "__main__":
    main()
