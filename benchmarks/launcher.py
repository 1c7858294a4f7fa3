#!/usr/bin/env python3
"""tlaunch beside torchrun, in turn, on this machine: starting two empty programs, answers, from the command to the first all-reduce,
the end of a group after a crash and after kill -9 of the launcher, many launches at once and in sequence. Medians; a table
with what is wanted of each row, or --json. Exits with 1 where something is not met.

    .venv/bin/python benchmarks/launcher.py [--repeat 7] [--only start answers reduce ends many] [--json] [--bin build/bin]"""
import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIG = HERE.parent / "configs/fashion_mnist.yaml"
PEER = HERE / "first_all_reduce.py"
ON_LOOPBACK = {"GLOO_SOCKET_IFNAME": "lo"}
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Bench:
    def __init__(self, args, scratch):
        self.args, self.scratch, self.rows, self.runs = args, scratch, [], 0
        self.tlaunch = [str(args.bin / "tlaunch"), "--nproc", "2"]
        self.torchrun = [str(Path(sys.executable).parent / "torchrun"), "--standalone", "--nproc_per_node", "2"]
        self.env = os.environ | ON_LOOPBACK | {"XDG_CACHE_HOME": str(scratch / "cache")}

    def folder(self):
        self.runs += 1
        made = self.scratch / str(self.runs)
        made.mkdir()
        return made

    def row(self, what, ours, theirs, unit, wanted, good):
        """`ours` and `theirs` are lists of figures, or one, or a text, or None where it was not measured."""
        def median(figures):
            return statistics.median(figures) if isinstance(figures, list) else figures
        figures = {"what": what, "tlaunch": median(ours), "torchrun": median(theirs), "unit": unit}
        numbers = [x for x in (figures["tlaunch"], figures["torchrun"]) if isinstance(x, (int, float))]
        figures["ratio"] = numbers[1] / numbers[0] if len(numbers) == 2 and numbers[0] > 0 else None
        for name, measured in (("tlaunch_range", ours), ("torchrun_range", theirs)):
            if isinstance(measured, list):
                figures[name] = [min(measured), max(measured)]
        figures |= {"wanted": wanted, "met": bool(good(figures)) if good else None}
        self.rows.append(figures)
        if not self.args.json:
            print(line(figures), flush=True)

    def run(self, command, env=None, cwd=None, may_fail=lambda: False):
        """Seconds from the command to its end."""
        start = time.monotonic()
        result = subprocess.run([str(word) for word in command], env=env or self.env, cwd=cwd, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0 and not may_fail():
            sys.exit(f"{command}\n{result.stdout[-4000:]}")
        return time.monotonic() - start


def text_of(figure, unit):
    if not isinstance(figure, (int, float)):
        return figure or "-"
    if unit == "MB":
        return f"{figure:.1f} MB"
    return f"{1000 * figure:.0f} ms" if figure < 1 else f"{figure:.2f} s"


def line(row):
    ratio = f"{row['ratio']:.3g}x" if row["ratio"] else ""
    met = {True: "yes", False: "NO", None: ""}[row["met"]]
    ours, theirs = (text_of(row[who], row["unit"]) for who in ("tlaunch", "torchrun"))
    return f"{row['what']:60} {ours:>9} {theirs:>12} {ratio:>6}  {row['wanted']:18} {met}"


# Two empty programs, and what the launchers need.

def start(bench):
    ours, theirs = [], []
    for _ in range(bench.args.repeat):
        theirs.append(bench.run([*bench.torchrun, "--no-python", "/bin/true"]))
        ours.append(bench.run([*bench.tlaunch, "--", "/bin/true"]))
    bench.row("two empty programs, to the end", ours, theirs, "s", "<= 50 ms and >= 40x",
              lambda row: row["tlaunch"] <= 0.05 and row["ratio"] >= 40)
    # A rank reads the peaks of those above it: guard and launcher here, the agent there. Shared pages count in each.
    folder = bench.folder()
    above = ("[ $RANK = 0 ] || exit 0; pid=$PPID; for i in $(seq $1); do "
             "cat /proc/$pid/status; pid=$(awk '/^PPid/ {print $2}' /proc/$pid/status); done > $2")
    bench.run([*bench.tlaunch, "--", "/bin/sh", "-c", above, "-", "2", folder / "ours"])
    bench.run([*bench.torchrun, "--no-python", "/bin/sh", "-c", above, "-", "1", folder / "theirs"])
    ours, theirs = (sum(peak_mb(part) for part in (folder / name).read_text().split("Name:")[1:])
                    for name in ("ours", "theirs"))
    bench.row("peak memory of the launcher (ours: tlaunch and its guard)", ours, theirs, "MB", "<= 20 MB",
              lambda row: row["tlaunch"] <= 20)


def answers(bench):
    """How soon a person sees what happened: a config that is refused, and a line that a rank prints."""
    bad = bench.folder() / "bad.yaml"
    bad.write_text(CONFIG.read_text() + "trian: {epochs: 3}\n")
    bench.run([*bench.tlaunch, "--dry-run", CONFIG])  # what the worker can train is asked once and kept
    refused = [bench.run([*bench.tlaunch, bad], may_fail=lambda: True) for _ in range(bench.args.repeat)]
    bench.row("a config with an unknown key is refused", refused, None, "s", "<= 200 ms",
              lambda row: row["tlaunch"] <= 0.2)
    say = "import time\nfor i in range(20): print('at', time.time(), flush=True); time.sleep(0.05)\n"
    delays = []
    for command in (bench.tlaunch, bench.torchrun):
        script = bench.folder() / "say.py"
        script.write_text(say)
        child = subprocess.Popen([str(word) for word in [*command, script]], env=bench.env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        delays.append([time.time() - float(shown.split()[-1]) for shown in child.stdout if "at " in shown])
        child.wait()
    bench.row("a rank's line on the terminal", *delays, "s", "<= 20 ms", lambda row: row["tlaunch"] <= 0.02)


def peak_mb(status):
    return next((int(field.split()[1]) / 1000 for field in status.splitlines() if field.startswith("VmHWM")), 0)


# From the command to the first all-reduce that all ranks have finished: by the clock of the ranks, less that before exec.

def noted(bench, command, what, *more):
    folder = bench.folder()
    env = bench.env | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    begun = time.time()
    # Gloo's threads abort one rank of many a Python group that takes itself down: after all that is measured here.
    bench.run([*command, PEER, folder, *more], env=env, may_fail=lambda: len(list(folder.iterdir())) == 2)
    return max(json.loads((folder / rank).read_text())[what] for rank in ("0", "1")) - begun


def own_worker(bench):
    """To the first training step whose loss has been summed over the ranks, and tlaunch's peak memory in MB so far."""
    run = bench.folder() / "run"
    begun = time.time()
    child = subprocess.Popen([*bench.tlaunch, "--run-dir", run, CONFIG, "tune.enabled=false",
                              "train.effective_batch_size=16", "log.log_interval=1"], env=bench.env, **QUIET)
    while not (steps := [event for event in events_of(run) if event["event"] == "step"]):
        if child.poll() is not None:
            sys.exit(f"tlaunch {CONFIG} ended with {child.returncode}")
        time.sleep(0.02)
    peak = peak_mb(Path(f"/proc/{child.pid}/status").read_text())
    child.send_signal(signal.SIGTERM)
    child.wait()
    return steps[0]["t"] - begun, peak


def events_of(run):
    try:
        lines = (run / "events.jsonl").read_text().splitlines(keepends=True)
    except OSError:
        return []
    return [json.loads(event) for event in lines if event.endswith("\n")]


def reduce(bench):
    first_s, _ = own_worker(bench)  # asks the worker what it can train, decodes the data; both are kept
    ours, theirs, script_ours, script_theirs, peaks = [], [], [], [], []
    for _ in range(bench.args.repeat):
        theirs.append(noted(bench, bench.torchrun, "step", "--train"))
        seconds, peak = own_worker(bench)
        ours.append(seconds)
        peaks.append(peak)
        script_theirs.append(noted(bench, bench.torchrun, "all_reduce"))
        script_ours.append(noted(bench, bench.tlaunch, "all_reduce"))
    bench.row("to the first training step, our worker | Python DDP", ours, theirs, "s", ">= 7x",
              lambda row: row["ratio"] >= 7)
    bench.row("  the first launch after a build, nothing cached", first_s, None, "s", "", None)
    bench.row("  peak memory of tlaunch meanwhile", peaks, None, "MB", "<= 20 MB", lambda row: row["tlaunch"] <= 20)
    bench.row("to the first all-reduce, the same Python script", script_ours, script_theirs, "s", "no slower",
              lambda row: row["ratio"] >= 1)


# Ends. Processes are found by a mark in their environment.

def marked(mark):
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and mark.encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            pass
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until_gone(pids, limit_s):
    """Seconds until none is left, or None."""
    begun = time.monotonic()
    while any(map(alive, pids)):
        if time.monotonic() - begun > limit_s:
            return None
        time.sleep(0.001)
    return time.monotonic() - begun


def end_of(bench, command, script, up, kill_launcher):
    """A group of two that run `script`, each of which writes its pid to FOLDER/RANK, and `up` processes in all."""
    folder, mark = bench.folder(), f"TLAUNCH_BENCHMARK={uuid.uuid4()}"
    program = bench.folder() / "program"
    program.write_text(script)  # in arguments torchrun makes one $ of two
    child = subprocess.Popen([*command, "/bin/sh", program, folder], env=bench.env | dict([mark.split("=")]), **QUIET)
    try:
        while not all((folder / rank).exists() for rank in ("0", "1")) or len(family := marked(mark)) < up:
            time.sleep(0.01)
        os.kill(child.pid if kill_launcher else int((folder / "1").read_text()), signal.SIGKILL)
        return until_gone(family, 5)
    finally:
        for pid in marked(mark):
            os.kill(pid, signal.SIGKILL)
        child.wait()


def ends(bench):
    ours, theirs = [*bench.tlaunch, "--"], [*bench.torchrun, "--no-python"]
    sleeps = 'echo $$ > $1/.new$RANK && mv $1/.new$RANK $1/$RANK; exec sleep 1000'
    family = "(setsid sh -c 'exec sleep 1000' &); " + sleeps
    for what, script, up, kill_launcher, limit_s in [
            ("a rank killed, to the last process gone", sleeps, 3, False, 0.3),
            ("kill -9 of the launcher, detached children too, to all gone", family, 5, True, 1)]:
        seconds = [(end_of(bench, theirs, script, up, kill_launcher),
                    end_of(bench, ours, script, up + 1, kill_launcher)) for _ in range(bench.args.repeat)]  # + 1: the guard
        peer = [s for s, _ in seconds if s is not None]
        never = len(seconds) - len(peer)
        bench.row(what, [5.0 if s is None else s for _, s in seconds], f"{never}/{len(seconds)} never" if never else peer,
                  "s", f"each <= {limit_s} s", lambda row, limit_s=limit_s: row["tlaunch_range"][1] <= limit_s)


# Many.

MEET = """import os, socket, time
place = ("127.0.0.1", int(os.environ["MASTER_PORT"]))
if os.environ["RANK"] == "0":
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(place), s.listen(), s.settimeout(60), s.accept()
else:
    for _ in range(600):
        try:
            socket.create_connection(place)
            break
        except OSError:
            time.sleep(0.1)
    else:
        raise SystemExit(1)
"""


def taken(port):
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return True
    return False


def left_after(bench, command, launches):
    """What so many launches leave behind: files, processes, ports, descriptors that rank 0 has beside 0, 1, 2."""
    place, mark = bench.folder(), f"TLAUNCH_BENCHMARK={uuid.uuid4()}"
    env = bench.env | dict([mark.split("=")]) | {name: str(place) for name in (
        "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")}
    told = bench.folder() / "told"
    script = f"[ $RANK = 1 ] || echo $MASTER_PORT $(ls /proc/self/fd | wc -l) >> {told}"
    shared = set(os.listdir("/dev/shm"))
    for _ in range(launches):
        bench.run([*command, "/bin/sh", "-c", script], env=env, cwd=place)
    ports, descriptors = zip(*(map(int, entry.split()) for entry in told.read_text().splitlines()))
    left = {"files": len(list(place.iterdir())) + len(set(os.listdir("/dev/shm")) - shared),
            "processes": len(marked(mark)),
            "ports": sum(map(taken, set(ports))),
            "descriptors": max(descriptors) - 4}  # 0, 1, 2 and ls's own
    return ", ".join(f"{count} {what}" for what, count in left.items() if count) or "nothing"


def many(bench):
    script = bench.folder() / "meet.py"
    script.write_text(MEET)
    children = [subprocess.Popen([*bench.tlaunch, "--", sys.executable, script], env=bench.env, **QUIET)
                for _ in range(50)]
    failed = sum(child.wait() != 0 for child in children)
    bench.row("50 launches at once, their ranks meet on MASTER_PORT", f"{failed} failed", None, "", "none fails",
              lambda _: failed == 0)
    ours = left_after(bench, [*bench.tlaunch, "--"], 200)
    theirs = left_after(bench, [*bench.torchrun, "--no-python"], 3)
    bench.row("left behind by 200 launches in sequence | by 3", ours, theirs, "", "nothing",
              lambda row: row["tlaunch"] == "nothing")


def machine():
    import torch

    model = next((entry.split(":")[1].strip() for entry in Path("/proc/cpuinfo").read_text().splitlines()
                  if entry.startswith("model name")), platform.machine())
    return {"date": time.strftime("%Y-%m-%d %H:%M"), "cpu": model, "cores": len(os.sched_getaffinity(0)),
            "kernel": platform.release(), "load_before": os.getloadavg()[0], "torch": torch.__version__,
            "gpus": torch.cuda.device_count()}


def main():
    parts = {"start": start, "answers": answers, "reduce": reduce, "ends": ends, "many": many}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7, help="figures of each kind, of which the median counts (7)")
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts), help="these parts alone")
    parser.add_argument("--json", action="store_true", help="machine and rows as JSON instead of the table")
    parser.add_argument("--bin", type=Path, default=HERE.parent / "build/bin", help="where tlaunch and tlaunch-worker are")
    args = parser.parse_args()
    args.bin = args.bin.resolve()
    here = machine()
    if not args.json:
        print(f"{here['date']}: {here['cores']} cores of {here['cpu']}, {here['gpus']} GPUs, Linux {here['kernel']}, "
              f"torch {here['torch']}, load before {here['load_before']:.1f}; medians of {args.repeat}")
        print(f"{'':60} {'tlaunch':>9} {'torchrun':>12} {'ratio':>6}  {'wanted':18} met")
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(args, Path(scratch))
        for name in args.only:
            parts[name](bench)
    if args.json:
        print(json.dumps({"machine": here, "repeat": args.repeat, "rows": bench.rows}, indent=2))
    return 1 if any(row["met"] is False for row in bench.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
