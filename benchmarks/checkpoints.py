#!/usr/bin/env python3
"""Saving and loading beside torch.save, torch.distributed.checkpoint's save and async_save, and dd, on the same disk in one
run: the same bytes, in turn, medians. Then a training run that saves every 100 steps: what its steps pay.

    ninja -C build checkpoint_bench && .venv/bin/python benchmarks/checkpoints.py [--megabytes 400] [--repeat 5] [--folder DIR]"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")  # DCP's own
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp

HERE = Path(__file__).resolve().parent


def timed(work):
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    del result  # only now: giving memory back is not counted
    return seconds


def fsync(path):
    for entry in [path, *path.rglob("*")] if path.is_dir() else [path]:
        fd = os.open(entry, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)


def rate(megabytes, seconds):
    return f"{statistics.median(seconds):.3f} s ({megabytes / statistics.median(seconds):.0f} MB/s)"


def files(args, folder):
    floats = args.megabytes * 1_000_000 // 64 // 4
    state = {f"w{i}": torch.randn(floats) for i in range(64)}
    seconds = {}

    def note(name, s):
        seconds.setdefault(name, []).append(s)

    def bench(*words):
        return float(subprocess.run([args.bin / "checkpoint_bench", *map(str, words)], check=True, text=True, capture_output=True).stdout)

    def saved_by_torch():
        torch.save(state, folder / "torch.pt")
        fsync(folder / "torch.pt")

    for turn in range(args.repeat + 1):
        if turn == 1:
            seconds.clear()  # the first round touches memory that the page cache has not had yet: slow in a virtual machine
        for old in [*folder.glob("*.*"), folder / "dd"]:  # each writes a new file, into pages that were used before
            old.unlink(missing_ok=True)
        shutil.rmtree(folder / "dcp", ignore_errors=True)
        note("dd conv=fsync", timed(lambda: subprocess.run(
            ["dd", "if=/dev/zero", f"of={folder}/dd", "bs=1M", f"count={args.megabytes * 1_000_000 // 2**20}", "conv=fsync"],
            check=True, capture_output=True)))
        note("tlaunch write", bench("write", folder / "ours.safetensors", args.megabytes))
        note("torch.save + fsync", timed(saved_by_torch))
        note("dcp.save", timed(lambda: dcp.save(state, checkpoint_id=folder / "dcp", no_dist=True)))
        note("tlaunch load", bench("load", folder / "ours.safetensors", "model"))
        note("into new memory", bench("load", folder / "ours.safetensors", "new"))
        note("torch.load", timed(lambda: torch.load(folder / "torch.pt", weights_only=True)))
    for name, s in seconds.items():
        print(f"{name:24} {rate(args.megabytes, s)}", flush=True)
    median = {name: statistics.median(s) for name, s in seconds.items()}
    print(f"write: {median['dd conv=fsync'] / median['tlaunch write']:.2f} of dd's pace (wanted: 0.9), "
          f"{median['torch.save + fsync'] / median['tlaunch write']:.2f}x torch.save's, {median['dcp.save'] / median['tlaunch write']:.2f}x dcp.save's")
    print(f"load, all checksums on: {median['torch.load'] / median['tlaunch load']:.2f}x torch.load's pace (wanted: 1); into new memory, "
          f"as torch.load does and no run of ours: {median['torch.load'] / median['into new memory']:.2f}x")


def stalls(args, folder):
    run = folder / "run"
    steps = 400
    subprocess.run([args.bin / "tlaunch", "--nproc", "1", "--run-dir", run, HERE.parent / "configs/fashion_mnist.yaml",
                    "tune.enabled=false", "model.width=128", "model.depth=8", "train.effective_batch_size=16", f"train.max_steps={steps}",
                    "eval.every_n_steps=100000", "checkpoint.every_n_steps=100", "checkpoint.save_top_k=-1"],
                   check=True, capture_output=True)
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    saves = [event for event in events if event["event"] == "checkpoint"]
    summary = json.loads((run / "summary.json").read_text())
    step_time_s = 16 / summary["actual"]["samples_per_s"]
    stall = statistics.median(event["stall_s"] for event in saves)
    size = saves[0]["bytes"]
    print(f"training: a step takes {1000 * step_time_s:.1f} ms, a save of {size / 1e6:.0f} MB stalls it {1000 * stall:.1f} ms (first "
          f"{1000 * saves[0]['stall_s']:.1f}) and is durable after {statistics.median(e['seconds'] for e in saves):.2f} s: "
          f"{stall / (100 * step_time_s):.2%} of the step time at one save per 100 steps (wanted: 3.5 %)")
    from safetensors.torch import load_file
    state = load_file(saves[-1]["path"])
    paid = []
    for i in range(5):
        start = time.perf_counter()
        future = dcp.async_save(state, checkpoint_id=folder / f"async{i}")
        paid.append(time.perf_counter() - start)
        future.result()
    print(f"dcp.async_save of the same state stalls {1000 * statistics.median(paid):.1f} ms: {statistics.median(paid) / stall:.2f}x ours")
    disk = summary["estimate"]["disk_peak_bytes"] / summary["actual"]["disk_peak_bytes"]
    print(f"disk: estimated over observed peak {disk:.4f} (wanted: within 1 %)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=HERE.parent)
    parser.add_argument("--bin", type=Path, default=HERE.parent / "build/bin")
    args = parser.parse_args()
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29519", "RANK": "0", "WORLD_SIZE": "1"}
    dist.init_process_group("gloo")
    with tempfile.TemporaryDirectory(dir=args.folder, prefix=".bench-") as scratch:
        files(args, Path(scratch))
        stalls(args, Path(scratch))
    dist.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main())
