#!/usr/bin/env python3
"""How good are estimate and ETA? Real runs of several jobs, each on a quiet machine and beside another load that comes and goes:
the estimate made before the start against the time it took, and what the ETA said at 1, 5, 10, 25, 50, 75 and 90 % of the training
against what really remained, beside tqdm's smoothing (0.3) and the plain average on the same steps; the disk it was to take at most
(with the newest checkpoint always the best, or never: the nearer of the two) against what it took. And runs that are stopped half way: the first ETA after the resume against what remained.

    python3 benchmarks/estimates.py [--minutes 0.7,0.7,3.3] [--resumes 1] [--jobs N] [--nproc 2] [--bin build/bin] [--traces DIR]
                                    [--results FILE]

Each job is tuned before, so that its plan is in the cache; the history of outcomes starts empty and grows. Until the first ETA the
estimate counts, less the time gone. --traces keeps each run's events, thinned, for tests/data/eta; --results all scores as JSON."""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
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


def tlaunch(args, scratch, run_dir, config, overrides, *words, expect=0, meanwhile=None):
    command = [args.bin / "tlaunch", "--nproc", args.nproc, *words, *(["--run-dir", run_dir] if run_dir else []), CONFIGS / config, *overrides]
    env = os.environ | {"XDG_CACHE_HOME": f"{scratch}/cache", "XDG_STATE_HOME": f"{scratch}/state"}
    process = subprocess.Popen([str(word) for word in command], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    if meanwhile:
        meanwhile(process)
    out, err = process.communicate()
    if process.returncode != expect:
        sys.exit(f"{config}: exit {process.returncode}\n{err[-2000:]}")
    return out


def events_of(run):
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]


def stop_at(run, step):
    """Sends SIGTERM once that step is logged."""
    def wait(process):
        while process.poll() is None:
            time.sleep(0.2)
            if (run / "events.jsonl").exists() and any(e["event"] == "step" and e["step"] >= step for e in events_of(run)[-5:]):
                process.send_signal(signal.SIGTERM)
                return
    return wait


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


def score(events, estimate, began, end_s):
    """For each share of the training: errors of the ETA, tqdm and the plain average, as shares of what remained."""
    start = next(e for e in events if e["event"] == "start")
    steps = [(e["t"], e["step"]) for e in events if e["event"] == "step"]
    etas = [e for e in events if e["event"] == "eta"]
    rows = {}
    for share in SHARES:
        at_s = start["t"] + share * (end_s - start["t"])
        said = [e for e in etas if e["t"] <= at_s]
        tqdm, plain = naive(steps, start["total_steps"], at_s)
        remained = end_s - at_s
        gone_s = at_s - (said[-1]["t"] if said else began)
        low, ours, high = [max(0, (said[-1] if said else estimate)[key] - gone_s) for key in ("low_s", "likely_s", "high_s")]
        rows[share] = {"errors": [None if value is None else value / remained - 1 for value in (ours, tqdm, plain)],
                       "covered": low <= remained <= high}
    return rows


def expected(estimate):
    """What a step, an evaluation and a save were expected to take, and the end of the run."""
    parts, ranges, run = estimate["time"]["parts"], estimate["time"]["part_ranges"], estimate["run"]
    step = {key: (of["steps"] + of["data_wait"]) / run["steps"] for key, of in
            (("low_s", {k: v["low_s"] for k, v in ranges.items()}), ("likely_s", parts), ("high_s", {k: v["high_s"] for k, v in ranges.items()}))}
    return {"event": "estimate", "step": step, "evaluation_s": parts["evaluation"] / max(1, run["evaluations"]),
            "checkpoint_s": parts["checkpoints"] / max(1, estimate["checkpoints"]["count"]), "finish_s": parts["finish"]}


def ended(run):
    """When the command was done: it writes its summary last."""
    return (run / "summary.json").stat().st_mtime


def thinned(events, end_s):
    keep = {"start": ["train_samples", "val_samples", "steps_per_epoch", "total_steps", "start_step", "steps_per_evaluation",
                      "steps_per_checkpoint", "effective_batch_size", "parameters"],
            "step": ["step"], "eval": ["step", "seconds"], "checkpoint": ["step", "stall_s"], "epoch_end": ["epoch", "step"], "end": []}
    begin = next(e for e in events if e["event"] == "start")["t"]
    every = max(1, sum(e["event"] == "step" for e in events) // 250)
    rows, seen = [expected(next(e for e in events if e["event"] == "estimate"))], 0
    for event in events:
        if event["event"] not in keep or event.get("rank", 0) != 0:
            continue
        seen += event["event"] == "step"
        if event["event"] == "step" and seen % every and event["step"] != begin:
            continue
        rows.append({"t": round(1000 + event["t"] - begin, 3), "event": event["event"], "rank": 0} | {k: event[k] for k in keep[event["event"]] if k in event})
    rows[-1]["t"] = round(1000 + end_s - begin, 3)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", default="1,1", help="a run of each job, in each of the two states, of each of these lengths, about")
    parser.add_argument("--resumes", type=int, default=0, help="of each job, in each of the two states")
    parser.add_argument("--jobs", type=int, default=len(JOBS))
    parser.add_argument("--nproc", type=int, default=2)
    parser.add_argument("--bin", type=Path, default=HERE.parent / "build/bin")
    parser.add_argument("--traces", type=Path)
    parser.add_argument("--results", type=Path)
    args = parser.parse_args()
    lengths = [float(minutes) for minutes in args.minutes.split(",")]
    results, resumes = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, (config, overrides)) in enumerate(list(JOBS.items())[:args.jobs]):
            asked = json.loads(tlaunch(args, scratch, None, config, overrides + ["train.max_steps=100"], "estimate", "--json"))
            steps_a_minute = 60 * asked["throughput"]["steps_per_s"]
            for loaded in (False, True):
                state = "beside a load" if loaded else "quiet"
                for repeat, minutes in enumerate(lengths):
                    run = Path(scratch) / f"run{number}{loaded}{repeat}"
                    steps = max(100, int(minutes * steps_a_minute))
                    with Load(loaded):
                        tlaunch(args, scratch, run, config, overrides + [f"train.max_steps={steps}"])
                    results.append(scored(name, loaded, run))
                    print(told(results[-1]), flush=True)
                    if args.traces:
                        args.traces.mkdir(parents=True, exist_ok=True)
                        text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in thinned(events_of(run), ended(run)))
                        (args.traces / f"{config.split('.')[0]}_{number}_{'loaded' if loaded else 'quiet'}_{repeat}.jsonl").write_text(text)
                for repeat in range(args.resumes):
                    run = Path(scratch) / f"resumed{number}{loaded}{repeat}"
                    steps = int(0.7 * steps_a_minute)
                    job = overrides + [f"train.max_steps={steps}"]
                    with Load(loaded):
                        tlaunch(args, scratch, run, config, job, expect=75, meanwhile=stop_at(run, steps // 3))
                        tlaunch(args, scratch, run, config, job, "--resume", "auto")
                    events = events_of(run)
                    first = next(e for e in events if e["event"] == "eta" and e["attempt"] > 0)
                    took_s = ended(run) - first["t"]
                    resumes.append({"job": name, "loaded": loaded, "error": first["likely_s"] / took_s - 1})
                    print(f"{name}, {state}: first ETA after a resume {first['likely_s']:.1f} s, it took {took_s:.1f} s", flush=True)
    if args.results:
        args.results.write_text(json.dumps({"runs": results, "resumes": resumes}, indent=1))
    report(results, resumes)


def scored(name, loaded, run):
    summary, events = json.loads((run / "summary.json").read_text()), events_of(run)
    estimate, actual, wall_s = summary["estimate"], summary["actual"], summary["wall_s"]
    end = ended(run)
    disk = next(e for e in events if e["event"] == "estimate")["disk"]
    return {"job": name, "loaded": loaded, "wall_s": wall_s, "low_s": estimate["low_s"], "likely_s": estimate["likely_s"],
            "high_s": estimate["high_s"], "estimate_error": estimate["likely_s"] / wall_s - 1,
            "covered": estimate["low_s"] <= wall_s <= estimate["high_s"], "estimated_parts": estimate["parts"], "parts": actual["parts"],
            "disk_error": min((disk[key] / actual["disk_peak_bytes"] - 1 for key in ("peak_low_bytes", "peak_bytes")), key=abs), "eta": score(events, estimate, end - wall_s, end)}


def told(row):
    return (f"{row['job']}, {'beside a load' if row['loaded'] else 'quiet'}: {row['wall_s']:.0f} s, estimated {row['likely_s']:.0f} s "
            f"({row['low_s']:.0f} to {row['high_s']:.0f}; {row['estimate_error']:+.1%}); disk {row['disk_error']:+.2%}")


def report(results, resumes):
    for loaded, wanted in ((False, 0.05), (True, 0.15)):
        chosen = [r for r in results if r["loaded"] == loaded]
        error = statistics.median(abs(r["estimate_error"]) for r in chosen)
        print(f"{'beside a load' if loaded else 'quiet'}, {len(chosen)} runs: estimate off by {error:.1%} in the median (wanted {wanted:.0%}), "
              f"range held {sum(r['covered'] for r in chosen)} of {len(chosen)}")
        print(f"  {'':>5} {'ours':>8} {'tqdm':>8} {'average':>8}   median absolute error of what remained; range held")
        everything = [[], [], []]
        for share in SHARES:
            columns = [[abs(r["eta"][share]["errors"][i]) for r in chosen if r["eta"][share]["errors"][i] is not None] for i in range(3)]
            for all_of_it, column in zip(everything, columns):
                all_of_it += column
            held = sum(r["eta"][share]["covered"] for r in chosen)
            print(f"  {share:>5.0%} " + " ".join(f"{statistics.median(c):>8.1%}" if c else f"{'-':>8}" for c in columns) + f"   {held} of {len(chosen)}")
        print("    all " + " ".join(f"{statistics.median(c):>8.1%}" for c in everything))
    print(f"disk: off by {statistics.median(abs(r['disk_error']) for r in results):.2%} in the median, {max(abs(r['disk_error']) for r in results):.2%} at most")
    if resumes:
        errors = [abs(r["error"]) for r in resumes]
        print(f"first ETA after a resume, {len(errors)} runs: off by {statistics.median(errors):.1%} in the median, {max(errors):.1%} at most (wanted 15%)")


if __name__ == "__main__":
    main()
