"""The peer: Fashion-MNIST as a careful user trains it with torchrun today. DistributedDataParallel, DataLoader and
DistributedSampler with their defaults, torch.optim.AdamW with its defaults, the same model, schedule, batch and
augmentation as configs/fashion_mnist.yaml.

    torchrun --nproc_per_node 2 benchmarks/ddp_baseline.py --epochs 3 --seed 0 --output result.json"""
import argparse
import json
import math
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.functional import cross_entropy, pad
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset, DistributedSampler

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "referee"))
from datasets import FashionMnist  # noqa: E402  (the reader of the files alone)
from models import make_model  # noqa: E402


class Images(Dataset):
    def __init__(self, files, split):
        self.images, self.labels, self.train = files.images[split], files.labels[split], split == "train"

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = self.images[i].float().div(255).sub(FashionMnist.mean).div(FashionMnist.deviation)
        if self.train:
            top, left = torch.randint(5, (2,)).tolist()
            image = pad(image, [2] * 4)[:, top:top + 28, left:left + 28]
            if torch.rand(()) < 0.5:
                image = image.flip(-1)
        return image, self.labels[i]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", required=True)
    args = parser.parse_args()
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(args.seed)
    root = os.environ.get("TLAUNCH_FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
    files = FashionMnist({"data.root": root, "data.augment": True})
    sampler = DistributedSampler(Images(files, "train"), seed=args.seed, drop_last=True)
    train = DataLoader(Images(files, "train"), batch_size=256 // world, sampler=sampler, drop_last=True)
    val = DataLoader(Images(files, "val"), batch_size=256, sampler=DistributedSampler(Images(files, "val"), shuffle=False))
    options = {"depth": 8, "width": 16, "stem": "small"}
    model = DistributedDataParallel(make_model("resnet", options, files.shape))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.01)
    steps = args.epochs * len(train)
    warmup = min(steps // 20, 100)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (step + 1) / warmup if step < warmup else
                                                 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))))
    for epoch in range(args.epochs):
        sampler.set_epoch(epoch)
        model.train()
        for images, labels in train:
            optimizer.zero_grad()
            cross_entropy(model(images), labels).backward()
            optimizer.step()
            schedule.step()
        model.eval()
        sums = torch.zeros(2)
        with torch.no_grad():
            for images, labels in val:
                sums += torch.tensor([(model.module(images).argmax(1) == labels).sum().item(), len(labels)])
        dist.all_reduce(sums)
        if rank == 0:
            torch.save(model.module.state_dict(), args.output + ".pt")
    if rank == 0:
        Path(args.output).write_text(json.dumps({"val_accuracy": (sums[0] / sums[1]).item()}))
    sys.stdout.flush()
    os._exit(0)  # see tests/referee/twin.py: Gloo's teardown hangs now and then


if __name__ == "__main__":
    main()
