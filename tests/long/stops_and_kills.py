#!/usr/bin/env python3
"""Runs of an LSTM that are stopped, flooded with signals and killed at random moments, many times over.

However often that happens, the checkpoint at the end equals that of the run which nobody disturbed, byte for byte.
Usage: stops_and_kills.py TLAUNCH [SEED]   prints a line a check; exit 0 where all hold
"""
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

STOPS, FLOODS, REQUESTS, KILLS = 100, 3, 1500, 60
MAX_STEPS = 6000
PATIENCE_S = 120
CONFIG = f"""\
model: {{name: lstm, hidden_size: 64, num_layers: 2, window: 10, top_g: 3}}
data: {{name: sessions, root: data}}
train: {{max_steps: {MAX_STEPS}, effective_batch_size: 64}}
eval: {{every_n_steps: 500}}
checkpoint: {{every_n_steps: 50}}
tune: {{enabled: false}}
log: {{log_interval: 5}}
"""


def write_sessions(folder):
    folder.mkdir()
    draw = random.Random(5)
    for name, count, odd in (("hdfs_train", 400, False), ("hdfs_test_normal", 50, False), ("hdfs_test_abnormal", 50, True)):
        lines = []
        for _ in range(count):
            keys = [(i * 3 + draw.randrange(2)) % 11 + 1 for i in range(24)]
            if odd:
                keys[draw.randrange(24)] = 14
            lines.append(" ".join(map(str, keys)) + "\n")
        (folder / name).write_text("".join(lines))


class Run:
    def __init__(self, scratch, tag):
        self.scratch, self.folder = scratch, scratch / tag

    def start(self):
        events = self.folder / "events.jsonl"
        self.events_before = events.stat().st_size if events.exists() else 0
        line = [TLAUNCH, "--nproc", "2", "--run-dir", str(self.folder), "--resume", "auto", str(self.scratch / "lstm.yaml")]
        self.process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=open(self.scratch / "err", "w"), env=ENVIRONMENT)
        return self

    def wait_for_step(self):
        """Until this attempt has told of a step; False where it ended before."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit and self.process.poll() is None:
            path = self.folder / "events.jsonl"
            if path.exists():
                with open(path, "rb") as file:
                    file.seek(self.events_before)
                    if b'"event":"step"' in file.read():
                        return True
            time.sleep(0.005)
        return False

    def end(self):
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def descendants(self):
        parents = {}
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit():
                    fields = open(f"/proc/{entry}/stat").read().rsplit(")", 1)[1].split()
                    parents[int(entry)] = int(fields[1]) if fields[0] != "Z" else 0
            except OSError:
                pass
        found, frontier = [], [self.process.pid]
        while frontier:
            frontier = [pid for pid, parent in parents.items() if parent in frontier]
            found += frontier
        return found

    def ranks(self):
        return [pid for pid in self.descendants() if b"tlaunch-worker" in command_of(pid)]

    def checkpoint(self):
        return (self.folder / "checkpoints/last.safetensors").read_bytes()


def command_of(pid):
    try:
        return open(f"/proc/{pid}/cmdline", "rb").read()
    except OSError:
        return b""


def check(what, holds, figure):
    print(f"{'ok  ' if holds else 'FAIL'} {what}: {figure}", flush=True)
    return holds


def disturbed(scratch, tag, times, disturb, expected_codes):
    """Starts and disturbs runs until `times` of them were hit at work; lets each folder's last one end. Returns the
    exit codes that are not expected, and whether all folders' last checkpoints are the undisturbed one's."""
    wrong, equal, hit, laps = [], True, 0, 0
    run = Run(scratch, f"{tag}_0")
    while True:
        run.start()
        reached = run.wait_for_step()
        at_work = hit < times and reached
        if at_work:
            time.sleep(DRAW.uniform(0, 0.3))
            disturb(run)
        code = run.end()
        if code == 0:  # it was done before, or is left in peace
            equal = equal and run.checkpoint() == WHOLE
            laps += 1
            if hit >= times:
                return wrong, equal, laps
            run = Run(scratch, f"{tag}_{laps}")
        elif not at_work or code not in expected_codes:
            wrong.append(code)
            if len(wrong) > 5:
                return wrong, False, laps
        hit += 1 if at_work and code != 0 else 0


def stop(run):
    victim = DRAW.choice([run.process.pid, *run.ranks()])
    try:
        os.kill(victim, DRAW.choice([signal.SIGTERM, signal.SIGUSR1]))
    except ProcessLookupError:
        pass


def kill(run):
    victim = DRAW.choice([run.process.pid, *run.descendants()])
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        pass


def flood(scratch, number):
    run = Run(scratch, f"flood_{number}").start()
    run.wait_for_step()
    for victim in run.ranks()[:1]:
        for _ in range(REQUESTS):
            try:
                os.kill(victim, signal.SIGUSR2)
            except ProcessLookupError:
                break
            time.sleep(0.002)
    code = run.end()
    return code, code == 0 and run.checkpoint() == WHOLE


TLAUNCH = os.path.abspath(sys.argv[1])
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
DRAW = random.Random(SEED)
with tempfile.TemporaryDirectory(prefix="tlaunch-long-") as name:
    scratch = pathlib.Path(name)
    ENVIRONMENT = {**os.environ, "XDG_CACHE_HOME": name + "/cache", "XDG_STATE_HOME": name + "/state"}
    write_sessions(scratch / "data")
    (scratch / "lstm.yaml").write_text(CONFIG)
    print(f"seed {SEED}", flush=True)
    whole = Run(scratch, "whole").start()
    good = check("the run that nobody disturbs", whole.end() == 0, f"{MAX_STEPS} steps")
    WHOLE = whole.checkpoint() if good else b""
    if good:
        wrong, equal, laps = disturbed(scratch, "stopped", STOPS, stop, {75})
        good &= check(f"{STOPS} stop signals at random moments, to the launcher or a rank, each ended with 75", not wrong,
                      f"others: {wrong}")
        good &= check("resumed after each, the runs end byte for byte as the undisturbed one", equal, f"{laps} runs")
        codes = [flood(scratch, number) for number in range(FLOODS)]
        good &= check(f"{REQUESTS} SIGUSR2 to a rank, {FLOODS} times: exit 0, no bit changed",
                      all(code == 0 and same for code, same in codes), f"{codes}")
        wrong, equal, laps = disturbed(scratch, "killed", KILLS, kill, {-9, 1, 137})
        good &= check(f"{KILLS} kill -9 at random moments, to launcher, guards or ranks", not wrong, f"other codes: {wrong}")
        good &= check("resumed after each, the runs end byte for byte as the undisturbed one", equal, f"{laps} runs")
        time.sleep(1)
        left = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if name.encode() in command_of(pid)]
        left = [pid for pid in left if pid != os.getpid()]
        good &= check("no process is left", not left, f"{left}")
sys.exit(0 if good else 1)
