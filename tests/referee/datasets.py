"""Fashion-MNIST and log sessions, read and split as docs/data.md describes."""
import gzip
import math
import os

import torch

from order import splitmix64


def read_idx(path):
    if not os.path.exists(path):
        path += ".gz"
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        data = file.read()
    dimensions = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, offset=4 + 4 * len(dimensions)).reshape(dimensions)


class FashionMnist:
    mean, deviation = 0.2860, 0.3530
    shape = {"channels": 1, "num_classes": 10}

    def __init__(self, config):
        part = {"train": "train", "val": "t10k"}
        root = config["data.root"]
        self.images = {s: read_idx(f"{root}/{p}-images-idx3-ubyte").unsqueeze(1) for s, p in part.items()}
        self.labels = {s: read_idx(f"{root}/{p}-labels-idx1-ubyte").long() for s, p in part.items()}
        self.augment = config["data.augment"]

    def size(self, split):
        return len(self.labels[split])

    def batch(self, split, indices, dtype):
        indices = torch.as_tensor(indices)
        images = self.images[split][indices]
        if split == "train" and self.augment:
            images = crop_and_flip(images, padding=2)
        return images.to(dtype).div_(255).sub_(self.mean).div_(self.deviation), self.labels[split][indices]


def crop_and_flip(images, padding):
    """Has the same distribution as ours, but draws other numbers."""
    n, _, height, width = images.shape
    padded = torch.nn.functional.pad(images, [padding] * 4)
    rows = torch.randint(2 * padding + 1, (n, 1)) + torch.arange(height)
    columns = torch.randint(2 * padding + 1, (n, 1)) + torch.arange(width)
    columns = torch.where(torch.rand(n, 1) < 0.5, columns.flip(1), columns)
    cropped = padded[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # channels last
    return cropped.permute(0, 3, 1, 2).contiguous()


class Sessions:
    def __init__(self, config):
        with open(config["data.root"] + "/hdfs_train") as file:
            sessions = [keys for keys in ([int(key) for key in line.split()] for line in file) if keys]
        number = {key: i for i, key in enumerate(sorted({key for keys in sessions for key in keys}))}
        self.shape = {"num_classes": len(number)}
        self.window = config["model.window"]
        long_enough = [i for i, keys in enumerate(sessions) if len(keys) > self.window]
        count = math.floor(config["data.val_fraction"] * len(long_enough) + 0.5)
        ranked = sorted(long_enough, key=lambda i: (splitmix64(i), i))
        val = set(ranked[:min(max(count, 1), len(long_enough) - 1)])
        self.windows = {"train": [], "val": []}
        for i in long_enough:
            keys = [number[key] for key in sessions[i]]
            self.windows["val" if i in val else "train"] += [
                keys[at:at + self.window + 1] for at in range(len(keys) - self.window)]

    def size(self, split):
        return len(self.windows[split])

    def batch(self, split, indices, dtype):
        windows = torch.tensor([self.windows[split][i] for i in indices])
        return windows[:, :-1].contiguous(), windows[:, -1].contiguous()


def make_dataset(config):
    return {"fashion_mnist": FashionMnist, "sessions": Sessions}[config["data.name"]](config)
