#!/usr/bin/env python3
"""Is the peak memory that tuning predicts the one that the run reaches? For each job: a tuned run with evaluations and saves,
the prediction made before it against the most that any rank had resident (VmHWM), or reserved on a GPU.

    python3 benchmarks/memory_prediction.py [--steps 1000] [--nproc 2] [--jobs N] [--bin build/bin]"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parent / "configs"
HDFS = Path(os.environ.get("TLAUNCH_TEST_DATA", HERE.parents[1] / "shared" / "data")) / "hdfs"
IMAGES = "fashion_mnist.yaml"
JOBS = {
    "resnet-8, 28 px": (IMAGES, []),
    "resnet-8, 48 px": (IMAGES, ["data.image_size=48"]),
    "resnet-14, 48 px": (IMAGES, ["model.depth=14", "model.width=8", "data.image_size=48"]),
    "resnet-18, 32 px": (IMAGES, ["model.depth=18", "data.image_size=32"]),
    "resnet-8, float32": (IMAGES, ["gpu.mixed_precision=off"]),
    "lstm": ("deeplog.yaml", [f"data.root={HDFS}"]),
}


def events(run, name):
    lines = (run / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--nproc", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=len(JOBS))
    parser.add_argument("--bin", type=Path, default=HERE.parent / "build/bin")
    args = parser.parse_args()
    worst = 0.0
    for name, (config, overrides) in list(JOBS.items())[:args.jobs]:
        with tempfile.TemporaryDirectory() as scratch:
            run = Path(scratch) / "run"
            command = [args.bin / "tlaunch", "--nproc", args.nproc, "--run-dir", run, CONFIGS / config, *overrides,
                       f"train.max_steps={args.steps}", f"eval.every_n_steps={max(1, args.steps // 4)}",
                       f"checkpoint.every_n_steps={max(1, args.steps // 4)}"]
            result = subprocess.run([str(word) for word in command], env=os.environ | {"XDG_CACHE_HOME": scratch},
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if result.returncode != 0:
                sys.exit(f"{name}: exit {result.returncode}\n{result.stderr[-2000:]}")
            summary = json.loads((run / "summary.json").read_text())
            predicted = events(run, "prediction")[-1]
            actual = summary["actual"]["peak_bytes"]
            ratio = predicted["peak_bytes"] / actual
            worst = max(worst, abs(ratio - 1))
            ranks = [f"{event['peak_bytes'] / 1e6:.0f}" for event in events(run, "peak")]
            print(f"{name}: batch {predicted['micro_batch']}, predicted {predicted['peak_bytes'] / 1e6:.0f} MB, ranks reached "
                  f"{', '.join(ranks)} MB: {ratio:.3f}; {summary['actual']['samples_per_s']:.0f} samples/s, "
                  f"steps down {len(events(run, 'step_down'))}", flush=True)
    print(f"worst {worst:.1%} off (wanted: 5 %)")


if __name__ == "__main__":
    main()
