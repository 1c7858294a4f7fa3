#!/usr/bin/env python3
"""How good are estimate and ETA? Real runs of several jobs, each on a quiet machine and beside another load that comes and goes:
the estimate made before the start against the time it took, and what the ETA said at 1, 5, 10, 25, 50, 75 and 90 % of the training
against what really remained, beside tqdm's smoothing (0.3) and the plain average on the same steps.

    python3 benchmarks/estimates.py [--runs 2] [--minutes 1] [--jobs N] [--nproc 2] [--bin build/bin] [--traces DIR] [--json]

Every job runs once before, untimed, so that its plan is in the cache; the history of outcomes starts empty and grows. --traces keeps
each run's events, thinned, for tests/data/eta."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parent / "configs"
HDFS = Path(os.environ.get("TLAUNCH_TEST_DATA", HERE.parents[1] / "shared" / "data")) / "hdfs"
JOBS = {
    "lstm": ("deeplog.yaml", [f"data.root={HDFS}"]),
    "lstm, evaluations": ("deeplog.yaml", [f"data.root={HDFS}", "eval.every_n_steps=40"]),
    "resnet-8": ("fashion_mnist.yaml", ["eval.every_n_steps=60", "checkpoint.every_n_steps=60", "model.width=8"]),
}
SHARES = [0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90]
BURN = "import time\nwhile True:\n  end = time.time() + 4\n  while time.time() < end: pass\n  time.sleep(4)\n"


class Load:
    """A process that computes for four seconds and rests for four."""

    def __init__(self, on):
        self.process = subprocess.Popen([sys.executable, "-c", BURN]) if on else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()


def tlaunch(args, scratch, run_dir, config, overrides, *words):
    command = [args.bin / "tlaunch", "--nproc", args.nproc, *words, *(["--run-dir", run_dir] if run_dir else []), CONFIGS / config, *overrides]
    env = os.environ | {"XDG_CACHE_HOME": f"{scratch}/cache", "XDG_STATE_HOME": f"{scratch}/state"}
    result = subprocess.run([str(word) for word in command], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{config}: exit {result.returncode}\n{result.stderr[-2000:]}")
    return result


def naive(steps, total, at_s):
    """What tqdm and the plain average say at `at_s`, from (time, step) pairs."""
    seen = [(t, n) for t, n in steps if t <= at_s]
    if len(seen) < 2:
        return None, None
    ema_dt = ema_dn = None
    for (t0, n0), (t1, n1) in zip(seen, seen[1:]):
        ema_dt = t1 - t0 if ema_dt is None else 0.3 * (t1 - t0) + 0.7 * ema_dt
        ema_dn = n1 - n0 if ema_dn is None else 0.3 * (n1 - n0) + 0.7 * ema_dn
    left = total - seen[-1][1]
    late = at_s - seen[-1][0]
    plain = (seen[-1][0] - steps[0][0]) / max(1, seen[-1][1] - steps[0][1]) * left
    return max(0, ema_dt / max(ema_dn, 1e-9) * left - late), max(0, plain - late)


def score(events):
    """For each share of the training: errors of the ETA, tqdm and the plain average, as shares of what remained."""
    start = next(e for e in events if e["event"] == "start")
    end_s = next(e for e in events if e["event"] == "end")["t"]
    steps = [(e["t"], e["step"]) for e in events if e["event"] == "step"]
    etas = [e for e in events if e["event"] == "eta"]
    rows = {}
    for share in SHARES:
        at_s = start["t"] + share * (end_s - start["t"])
        said = [e for e in etas if e["t"] <= at_s]
        tqdm, plain = naive(steps, start["total_steps"], at_s)
        remained = end_s - at_s
        ours = max(0, said[-1]["likely_s"] - (at_s - said[-1]["t"])) if said else None
        rows[share] = [None if value is None else value / remained - 1 for value in (ours, tqdm, plain)]
    return rows


def thinned(events):
    keep = {"start": ["train_samples", "val_samples", "steps_per_epoch", "total_steps", "start_step", "steps_per_evaluation",
                      "steps_per_checkpoint", "effective_batch_size", "parameters"],
            "step": ["step"], "eval": ["step", "seconds"], "checkpoint": ["step", "stall_s"], "memory": ["epoch"], "end": []}
    begin = next(e for e in events if e["event"] == "start")["t"]
    every = max(1, sum(e["event"] == "step" for e in events) // 250)
    rows, seen = [], 0
    for event in events:
        if event["event"] not in keep or event.get("rank", 0) != 0:
            continue
        seen += event["event"] == "step"
        if event["event"] == "step" and seen % every and event["step"] != begin:
            continue
        rows.append({"t": round(1000 + event["t"] - begin, 3), "event": event["event"], "rank": 0} | {k: event[k] for k in keep[event["event"]] if k in event})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2, help="of each job, in each of the two states")
    parser.add_argument("--minutes", type=float, default=1, help="length of a run, about")
    parser.add_argument("--jobs", type=int, default=len(JOBS))
    parser.add_argument("--nproc", type=int, default=2)
    parser.add_argument("--bin", type=Path, default=HERE.parent / "build/bin")
    parser.add_argument("--traces", type=Path)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, (config, overrides)) in enumerate(list(JOBS.items())[:args.jobs]):
            asked = json.loads(tlaunch(args, scratch, None, config, overrides + ["train.max_steps=100"], "estimate", "--json").stdout)
            steps = max(100, int(60 * args.minutes * asked["throughput"]["steps_per_s"]))
            for loaded in (False, True):
                for repeat in range(args.runs):
                    run = Path(scratch) / f"run{number}{loaded}{repeat}"
                    with Load(loaded):
                        tlaunch(args, scratch, run, config, overrides + [f"train.max_steps={steps}"])
                    summary = json.loads((run / "summary.json").read_text())
                    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
                    estimate, wall_s = summary["estimate"], summary["wall_s"]
                    results.append({"job": name, "loaded": loaded, "wall_s": wall_s, "estimate_error": estimate["likely_s"] / wall_s - 1,
                                    "covered": estimate["low_s"] <= wall_s <= estimate["high_s"], "eta": score(events)})
                    if not args.json:
                        print(f"{name}, {'beside a load' if loaded else 'quiet'}: {wall_s:.0f} s, estimated {estimate['likely_s']:.0f} s "
                              f"({estimate['low_s']:.0f} to {estimate['high_s']:.0f})", flush=True)
                    if args.traces:
                        args.traces.mkdir(parents=True, exist_ok=True)
                        text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in thinned(events))
                        (args.traces / f"{config.split('.')[0]}_{number}_{'loaded' if loaded else 'quiet'}_{repeat}.jsonl").write_text(text)
    if args.json:
        print(json.dumps(results, indent=1))
        return
    for loaded, wanted in ((False, 0.05), (True, 0.15)):
        chosen = [r for r in results if r["loaded"] == loaded]
        error = statistics.median(abs(r["estimate_error"]) for r in chosen)
        print(f"{'beside a load' if loaded else 'quiet'}, {len(chosen)} runs: estimate off by {error:.1%} in the median (wanted {wanted:.0%}), "
              f"range held {sum(r['covered'] for r in chosen)} of {len(chosen)}")
        print(f"  {'':>5} {'ours':>8} {'tqdm':>8} {'average':>8}   median absolute error of what remained")
        for share in SHARES:
            columns = [[abs(r["eta"][share][i]) for r in chosen if r["eta"][share][i] is not None] for i in range(3)]
            print(f"  {share:>5.0%} " + " ".join(f"{statistics.median(c):>8.1%}" if c else f"{'-':>8}" for c in columns))


if __name__ == "__main__":
    main()
