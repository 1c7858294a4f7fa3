#!/usr/bin/env python3
"""Does tuning find what an exhaustive grid finds? For each job: the grid of micro-batch x precision x layout, each point a
short run of its own; tlaunch tune; then the tuned settings and the grid's best side by side, in turn. On the first job
also Lightning's BatchSizeFinder and Accelerate's find_executable_batch_size (benchmarks/setup installs them).

    .venv-bench/bin/python benchmarks/tuning_grid.py [--jobs N] [--steps 40] [--bin build/bin]"""
import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parent / "configs"
HDFS = Path(os.environ.get("TLAUNCH_TEST_DATA", HERE.parents[1] / "shared" / "data")) / "hdfs"
RESNET_8 = ("fashion_mnist.yaml", [])
RESNET_14 = ("fashion_mnist.yaml", ["model.depth=14", "model.width=8"])
LSTM = ("deeplog.yaml", [f"data.root={HDFS}"])
JOBS = {  # three models, two shapes of data each
    "resnet-8, 28 px": (*RESNET_8, (16, 32, 64, 128)),
    "resnet-8, 48 px": (RESNET_8[0], RESNET_8[1] + ["data.image_size=48"], (16, 32, 64, 128)),
    "resnet-14, 28 px": (*RESNET_14, (16, 32, 64, 128)),
    "resnet-14, 48 px": (RESNET_14[0], RESNET_14[1] + ["data.image_size=48"], (16, 32, 64, 128)),
    "lstm, window 10": (*LSTM, (16, 32, 64, 128)),
    "lstm, window 20": (LSTM[0], LSTM[1] + ["model.window=20"], (16, 32, 64, 128)),
}


class Job:
    def __init__(self, args, scratch, config, overrides):
        self.args, self.scratch, self.runs = args, scratch, 0
        self.config, self.overrides = CONFIGS / config, overrides + ["train.effective_batch_size=256"]
        self.env = os.environ | {"XDG_CACHE_HOME": str(scratch / "cache")}

    def tlaunch(self, *words, may_crash=False):
        result = subprocess.run([str(word) for word in (self.args.bin / "tlaunch", *words)], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if result.returncode == 139 and may_crash:  # a kernel's fault: a point of the grid that does not run here
            return None
        if result.returncode != 0:
            sys.exit(f"{words}\n{result.stderr[-2000:]}")
        return result.stdout

    def rate(self, *settings):
        self.runs += 1
        run = self.scratch / f"run{self.runs}"
        ran = self.tlaunch("--nproc", 2, "--run-dir", run, self.config, *self.overrides, "tune.enabled=false",
                           f"train.max_steps={self.args.steps}", "eval.every_n_steps=1000000", *settings, may_crash=True)
        return 0 if ran is None else json.loads((run / "summary.json").read_text())["actual"]["samples_per_s"]

    def tune(self):
        answer = json.loads(self.tlaunch("tune", "--nproc", 2, self.config, *self.overrides, "--retune", "--json"))
        keys = {"batch_size": "train.", "mixed_precision": "gpu.", "channels_last": "gpu."}
        value = {key: answer["plan"][key]["value"] for key in keys}
        return [f"{keys[key]}{key}={str(v).lower()}" for key, v in value.items()], answer


def peers(first_job):
    for name in ("lightning", "accelerate"):
        result = subprocess.run([sys.executable, HERE / "peer_batch_finders.py", name], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=900)
        print(f"  {name}, {first_job}: {result.stdout.strip() or result.stderr[-300:]}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=len(JOBS))
    parser.add_argument("--first", type=int, default=0, help="begin with this job, from 0")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--bin", type=Path, default=HERE.parent / "build/bin")
    args = parser.parse_args()
    ratios = []
    for name, (config, overrides, batches) in list(JOBS.items())[args.first:args.jobs]:
        with tempfile.TemporaryDirectory() as scratch:
            job = Job(args, Path(scratch), config, overrides)
            layouts = ("false",) if config.startswith("deeplog") else ("false", "true")
            start = time.monotonic()
            grid = {}
            for batch, precision, layout in itertools.product(batches, ("off", "bf16"), layouts):
                settings = (f"train.batch_size={batch}", f"gpu.mixed_precision={precision}", f"gpu.channels_last={layout}")
                grid[settings] = job.rate(*settings)
            grid_s = time.monotonic() - start
            tuned, answer = job.tune()
            best = max(grid, key=grid.get)
            pairs = [(job.rate(*tuned), job.rate(*best)) for _ in range(3)]
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            ratios.append(ratio)
            print(f"{name}: tuned {' '.join(tuned)} is {ratio:.3f} of the grid's best {' '.join(best)} ({grid[best]:.0f} samples/s,"
                  f" worst {min(grid.values()):.0f})\n  {answer['trials']} trials in {answer['seconds']:.0f} s; "
                  f"the grid {len(grid)} runs in {grid_s:.0f} s", flush=True)
            if len(ratios) == 1 and args.first == 0:
                peers(name)
    print(f"least ratio {min(ratios):.3f}, median {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
