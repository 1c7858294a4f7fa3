#!/usr/bin/env python3
"""What logging, events and heartbeats cost a step: the same LSTM run with all of them, under tlaunch with the log_interval it
chooses, and with none, as a single process that nobody listens to. In pairs, ABBA. Three answers: steady samples/s of each; the
processor time of all its processes, the launcher among them, which a machine whose speed drifts disturbs less; and what the worker's
own clock says that logging took of its steps, which it does not disturb at all, but which leaves other threads and processes out.

    python3 benchmarks/logging_cost.py [--pairs 6] [--steps 3000] [--bin build/bin]"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIG = HERE.parent / "configs" / "deeplog.yaml"
HDFS = Path(os.environ.get("TLAUNCH_TEST_DATA", HERE.parents[1] / "shared" / "data")) / "hdfs"
WANTED = 0.01
# What the launcher gives its workers: steps take twice as long without.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "4194304", "MALLOC_TRIM_THRESHOLD_": "1073741824", "MALLOC_TOP_PAD_": "67108864"}


def run(command, env):
    """What it printed, and the processor seconds of it and all that it waited for."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen([str(word) for word in command], env=os.environ | env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            sys.exit(f"exit {process.returncode}: {err.read()[-2000:]}")
        return out.read(), usage.ru_utime + usage.ru_stime


def told(name, costs):
    error = statistics.stdev(costs) / math.sqrt(len(costs)) if len(costs) > 1 else math.nan
    return f"{name} {statistics.mean(costs):+.2%} +- {error:.2%}, median {statistics.median(costs):+.2%}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--bin", type=Path, default=HERE.parent / "build/bin")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        kept = {"XDG_CACHE_HOME": f"{scratch}/cache", "XDG_STATE_HOME": f"{scratch}/state"}
        job = [CONFIG, f"data.root={HDFS}", f"train.max_steps={args.steps}", "eval.every_n_steps=1000000", "checkpoint.save_top_k=0",
               "checkpoint.save_last=false"]
        plan = json.loads(run([args.bin / "tlaunch", "--nproc", 1, "tune", "--json", *job], kept)[0])["plan"]
        fixed = [f"train.batch_size={plan['batch_size']['value']}", f"launch.threads_per_rank={plan['threads_per_rank']['value']}",
                 f"data.num_workers={plan['num_workers']['value']}", f"data.prefetch_factor={plan['prefetch_factor']['value']}",
                 "gpu.mixed_precision=off", "tune.enabled=false"]
        interval = plan["log_interval"]["value"]
        runs = [0]

        def with_all():
            runs[0] += 1
            folder = f"{scratch}/run{runs[0]}"
            cpu_s = run([args.bin / "tlaunch", "--nproc", 1, "--run-dir", folder, *job, *fixed, f"log.log_interval={interval}"], kept)[1]
            actual = json.loads(Path(folder, "summary.json").read_text())["actual"]
            parts = actual["training"]["parts"]
            in_steps = sum(parts.get(part, 0) for part in ("loading", "copy", "forward", "backward", "all_reduce", "optimizer", "logging"))
            return actual["samples_per_s"], cpu_s, parts["logging"] / in_steps

        def with_none():
            values = ["train.gradient_accumulation_steps=" + str(plan["gradient_accumulation_steps"]["value"]), "gpu.tf32=false",
                      "gpu.cudnn_benchmark=false", "gpu.channels_last=false", "data.pin_memory=false", "log.gpu_log_interval=1000000"]
            out, cpu_s = run([args.bin / "tlaunch-worker", "train", *job, *fixed, *values, "log.log_interval=1000000", "log.csv=false",
                       "log.tensorboard=false"], kept | ALLOCATOR | {"OMP_NUM_THREADS": str(plan["threads_per_rank"]["value"])})
            end = next(line for line in out.splitlines() if line.startswith("end "))
            return json.loads(end[4:])["steady_samples_per_s"], cpu_s

        wall, cpu, clock = [], [], []
        for pair in range(args.pairs):
            order = (with_all, with_none) if pair % 2 == 0 else (with_none, with_all)
            found = {work: work() for work in order}
            (rate, cpu_s, share), (bare_rate, bare_cpu_s) = found[with_all], found[with_none]
            wall.append(bare_rate / rate - 1)
            cpu.append(cpu_s / bare_cpu_s - 1)
            clock.append(share)
            print(f"with all {rate:.0f} samples/s, {cpu_s:.2f} s of processor; with none {bare_rate:.0f}, {bare_cpu_s:.2f} s: "
                  f"{wall[-1]:+.2%}, {cpu[-1]:+.2%}; by the worker's clock {share:.2%}", flush=True)
        print(f"log_interval {interval}, cost of a step (wanted: at most {WANTED:.0%}): {told('pace', wall)}; {told('processor', cpu)}; "
              f"{told('worker clock', clock)}")


if __name__ == "__main__":
    main()
