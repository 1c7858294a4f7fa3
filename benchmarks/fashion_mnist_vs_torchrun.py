#!/usr/bin/env python3
"""From typing the command to the end of 3 epochs of Fashion-MNIST on 2 ranks: tlaunch with tuning counted in, tlaunch with
the plan cached, and torchrun + DistributedDataParallel + DataLoader with their defaults, in turn, over several seeds.
Prints seconds, accuracies and ratios.

    .venv/bin/python benchmarks/fashion_mnist_vs_torchrun.py [--seeds 3] [--epochs 3] [--bin build/bin]"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def timed(command, env):
    start = time.monotonic()
    result = subprocess.run([str(word) for word in command], env=os.environ | env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        sys.exit(f"{command}\n{result.stdout[-2000:]}")
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--bin", type=Path, default=HERE.parent / "build/bin")
    args = parser.parse_args()
    seconds, accuracy = {}, {}

    def note(name, s, value):
        seconds.setdefault(name, []).append(s)
        accuracy.setdefault(name, []).append(value)
        print(f"{name:14} {s:6.1f} s, accuracy {value:.4f}", flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for seed in range(args.seeds):
            env = {"XDG_CACHE_HOME": str(scratch / f"cache{seed}")}
            subprocess.run([args.bin / "tlaunch", "--dry-run", HERE.parent / "configs/fashion_mnist.yaml"], check=True,
                           env=os.environ | env, stdout=subprocess.DEVNULL)  # the worker's description and the decoded data
            for name in ("tuned", "plan cached"):
                run = scratch / f"{name}{seed}"
                s = timed([args.bin / "tlaunch", "--nproc", 2, "--run-dir", run, HERE.parent / "configs/fashion_mnist.yaml",
                           f"train.epochs={args.epochs}", f"seed={seed}"], env)
                note(name, s, json.loads((run / "summary.json").read_text())["metrics"]["val_accuracy"])
            output = scratch / f"peer{seed}.json"
            s = timed([sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", 2, "--rdzv_backend", "c10d",
                       "--rdzv_endpoint", "127.0.0.1:0", "--local_addr", "127.0.0.1", HERE / "ddp_baseline.py",
                       "--epochs", args.epochs, "--seed", seed, "--output", output], {"GLOO_SOCKET_IFNAME": "lo"})
            note("torchrun + DDP", s, json.loads(output.read_text())["val_accuracy"])
    peer = statistics.median(seconds["torchrun + DDP"])
    for name in ("tuned", "plan cached"):
        print(f"{name}: {peer / statistics.median(seconds[name]):.2f}x sooner than torchrun + DDP; accuracy "
              f"{100 * (statistics.mean(accuracy[name]) - statistics.mean(accuracy['torchrun + DDP'])):+.2f} points")


if __name__ == "__main__":
    main()
