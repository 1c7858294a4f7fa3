#!/usr/bin/env python3
"""A trial worker (contract/trial.h) that measures nothing: `trial CONFIG`, specs as JSON lines on stdin, an event each.

The micro-batch of the first candidate selects the fate of the trial; other trials are answered at once."""
import json
import os
import signal
import subprocess
import sys
import time

RANK = int(os.environ["RANK"])
KILLED, OUT_OF_MEMORY, PEER_NOTICES_FIRST, HANG, CTRL_C, FAULT, GARBLED, STRANGE_RANK, LEAVES, LEAVES_A_CHILD = range(101, 111)


def event(name, **fields):
    os.write(int(os.environ["TLAUNCH_EVENT_FD"]),
             (json.dumps({"t": time.time(), "event": name, "rank": RANK, **fields}) + "\n").encode())


def fail(message, code, out_of_memory=False):
    event("failure", message=message, exit_code=code, out_of_memory=out_of_memory)
    os._exit(code)


def wait_for(name):
    while not os.path.exists(os.environ["FAKE_FOLDER"] + "/" + name):
        time.sleep(0.005)


def answer(spec):
    figures = [{"step_times_s": [0.010 + 0.001 * RANK, 0.013 - 0.001 * RANK],
                "wait_shares": [0.1 * RANK, 0.2 - 0.1 * RANK], "first_loss": 2.0, "last_loss": "NaN", "steps": 4}
               for _ in spec["candidates"]]
    event("trial", id=spec["id"], candidates=figures, abandoned=False, peak_bytes=1000 + 10 * RANK, idle_bytes=100 + RANK,
          make_batch_s=0.002 - 0.001 * RANK, log_cost_s=0.0001 * (RANK + 1), gpu_log_cost_s=0.001 * (RANK + 1),
          save_copy_s=0.003 * (RANK + 1), save_bytes=1000 * (1 - RANK), build_s=0.5, evaluation_fixed_s=0.01, evaluation_sample_s=0.001, detection_s=0, worker_s=0.2,
          train_samples=640, val_samples=64,
          parameters=os.getpid(), batch_norm=True)


def trial(spec):
    batch = spec["candidates"][0]["micro_batch"]
    if batch == KILLED and RANK == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    elif batch == OUT_OF_MEMORY and RANK == 1:
        fail("cannot have 3 GB more\nat some place", 1, out_of_memory=True)
    elif batch == PEER_NOTICES_FIRST and RANK == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        event("failure", message="connection closed by peer", exit_code=1, out_of_memory=False)
        open(os.environ["FAKE_FOLDER"] + "/noticed", "w").close()
        wait_for("told")
        os._exit(1)
    elif batch == PEER_NOTICES_FIRST:
        wait_for("noticed")
        event("failure", message="cannot have 3 GB more", exit_code=1, out_of_memory=True)
        open(os.environ["FAKE_FOLDER"] + "/told", "w").close()
        os._exit(1)
    elif batch == CTRL_C and RANK == 0:
        os.kill(int(os.environ["FAKE_LAUNCHER"]), signal.SIGINT)
    elif batch == FAULT and RANK == 0:
        fail("an illegal memory access was encountered", 1)
    elif batch == GARBLED and RANK == 0:
        event("trial", id=spec["id"], candidates="none")
    elif batch == STRANGE_RANK:
        os.write(int(os.environ["TLAUNCH_EVENT_FD"]), b'{"t": 0, "event": "trial", "rank": "first"}\n')
    elif batch == LEAVES and RANK == 0:
        sys.exit(0)
    elif batch == LEAVES_A_CHILD and RANK == 0:
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        answer(spec)
    elif batch not in range(KILLED, LEAVES_A_CHILD) or batch == LEAVES_A_CHILD:
        answer(spec)


assert sys.argv[1] == "trial" and os.path.exists(sys.argv[2]), sys.argv
json.load(open(os.environ["TLAUNCH_PLAN"]))
print("rank", RANK, "measures", flush=True)
for line in sys.stdin:
    trial(json.loads(line))
