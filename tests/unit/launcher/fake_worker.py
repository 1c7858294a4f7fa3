#!/usr/bin/env python3
"""A worker that speaks the launcher's contract (contract/worker_env.h, contract/events.h) and trains nothing.

describe --json | check CONFIG | train CONFIG [key=value ...] | evaluate CONFIG --checkpoint PATH. FAKE_* in the environment change what it does:
FAKE_FAIL=RANK:CODE[:STEP:ATTEMPTS] fails after step 2 (or STEP, in the first ATTEMPTS attempts), FAKE_NAN=1 diverges,
FAKE_STEP_S is the time of a step, FAKE_HOLD=PATH waits for that file after step 2, FAKE_JOIN=RANK:CODE is a start-up in
which that rank exits with CODE, or waits for a signal if CODE is empty, while the others wait for it and ignore SIGTERM,
FAKE_LEAK=BYTES grows each epoch, FAKE_DRIFT=1 resumes with other losses, FAKE_DESCRIBE=bad|fail|old breaks the
description, FAKE_LOG_FAILED=1 reports lost lines of metrics.csv,
FAKE_CHECK=CODE:MESSAGE is the answer of `check`, with FAKE_CHECK_WEIGHTS=1 only if weights are asked for; with CODE 0 the
answer is FAKE_DATA (a checksum, also stored in checkpoints) and MESSAGE is the number of samples; each check adds a line
to FAKE_CHECKS,
FAKE_NO_SAVE=1 saves nothing, FAKE_HEARTBEAT_FILE=PATH gets the interval of the heartbeat, FAKE_CUDA=13.0:sm_80,sm_86 is
the CUDA that it was built for."""
import json
import os
import signal
import struct
import sys
import time

RANK, WORLD = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
STEPS_PER_EPOCH, BATCH = 20, 32


def option(key, default, meaning):
    return {"key": key, "type": "integer", "default": default, "unit": "", "meaning": meaning, "choices": []}


def describe():
    mode = os.environ.get("FAKE_DESCRIBE", "")
    if mode == "fail":
        print("libfake.so: cannot open shared object file", file=sys.stderr)
        sys.exit(127)
    if mode == "bad":
        print("hello")
        return
    cuda, _, architectures = os.environ.get("FAKE_CUDA", "").partition(":")
    print(json.dumps({
        "torch_version": "0.0", "checks": mode != "old", "cuda_version": cuda,
        "cuda_architectures": architectures.split(",") if architectures else [],
        "models": [{"name": "resnet", "summary": "none", "sample_kind": "image", "options": [option("depth", 8, "Depth.")],
                    "metrics": ["val_loss"]}],
        "datasets": [{"name": "fashion_mnist", "summary": "none", "sample_kind": "image", "default_root": "/nowhere",
                      "options": [], "metrics": []}]}))


def check():
    code, message = os.environ.get("FAKE_CHECK", "0:0").split(":", 1)
    if os.environ.get("FAKE_CHECK_WEIGHTS") and "--no-weights" in sys.argv:
        code, message = "0", "0"
    if "FAKE_CHECKS" in os.environ:
        with open(os.environ["FAKE_CHECKS"], "a") as f:
            f.write(" ".join(sys.argv[1:]) + "\n")
    if int(code):
        print("a data set says something first\nerror: " + message, file=sys.stderr)
        sys.exit(int(code))
    print("something else\n" + json.dumps({"data": {"train_samples": int(message), "val_samples": 64,
                                                   "train": os.environ.get("FAKE_DATA", ""), "evaluation": ""}}))


def event(name, **fields):
    fd = int(os.environ.get("TLAUNCH_EVENT_FD", -1))
    line = json.dumps({"t": time.time(), "event": name, "rank": RANK, **fields}) + "\n"
    if fd >= 0:
        os.write(fd, line.encode())


def save(step):
    """A valid safetensors file with one tensor."""
    folder = os.environ["TLAUNCH_RUN_DIR"] + "/checkpoints"
    os.makedirs(folder, exist_ok=True)
    path = f"{folder}/epoch_{step // STEPS_PER_EPOCH:02d}-step_{step}.safetensors"
    metadata = {"tlaunch.step": str(step), "tlaunch.epoch": "1"}
    if os.environ.get("FAKE_DATA"):
        metadata["tlaunch.state"] = json.dumps({"run": {"data": {"train": os.environ["FAKE_DATA"]}}})
    header = json.dumps({"__metadata__": metadata,
                         "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(header)) + header + bytes(8))
    event("checkpoint", path=os.fsencode(path).decode("utf-8", "replace"), step=step, epoch=step // STEPS_PER_EPOCH, bytes=8, seconds=0.001)


def config_value(text, key):
    for line in text.splitlines():
        if line.strip().startswith(key + ":"):
            return line.split(":", 1)[1].split("#")[0].strip()


def fail(message, code):
    event("failure", message=message, exit_code=code)
    print("error:", message, file=sys.stderr, flush=True)
    os._exit(code)


def join(rank, code):
    if RANK != rank:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif code:
        sys.exit(int(code))
    open(f"{os.environ['TLAUNCH_RUN_DIR']}/joining_{RANK}", "w").close()
    while True:
        time.sleep(60)


def train(config):
    if "FAKE_JOIN" in os.environ:
        rank, code = os.environ["FAKE_JOIN"].split(":")
        join(int(rank), code)
    text = open(config, errors="surrogateescape").read()  # a path may hold any bytes
    json.load(open(os.environ["TLAUNCH_PLAN"]))
    smoke = json.loads(os.environ.get("TLAUNCH_SMOKE", "{}"))
    resumed = os.environ.get("TLAUNCH_RESUME", "")
    step = int(resumed.split("step_")[1].split(".")[0]) if resumed else 0
    per_epoch = STEPS_PER_EPOCH
    total = int(config_value(text, "epochs")) * STEPS_PER_EPOCH
    stop = total
    if "epochs" in smoke:
        per_epoch = 5
        event("smoke", steps_per_epoch=per_epoch)
        stop = smoke["epochs"] * per_epoch
    if "stop_step" in smoke:
        per_epoch, stop = smoke["steps_per_epoch"], smoke["stop_step"]
    if resumed and RANK == 0:
        event("resume", path=os.fsencode(resumed).decode("utf-8", "replace"), step=step)
    if RANK == 0:
        event("start", pid=os.getpid(), world_size=WORLD, device="cpu", train_samples=640, val_samples=64,
              effective_batch_size=BATCH, steps_per_epoch=STEPS_PER_EPOCH, total_steps=total, start_step=step,
              steps_per_evaluation=STEPS_PER_EPOCH, steps_per_checkpoint=STEPS_PER_EPOCH, parameters=2)
    fail_rank, fail_code, fail_step, fail_attempts = map(int, (os.environ.get("FAKE_FAIL", "-1:0") + ":2:1000").split(":")[:4])
    if os.environ.get("FAKE_HEARTBEAT_FILE"):
        with open(os.environ["FAKE_HEARTBEAT_FILE"], "w") as f:
            f.write(os.environ.get("TLAUNCH_HEARTBEAT_S", "none"))
    if RANK == 0 and os.environ.get("FAKE_LOG_FAILED"):
        event("log_failed", file="metrics.csv", message="cannot write metrics.csv: No space left on device")
        event("log_incomplete", file="metrics.csv")
    while step < stop:
        if RANK == fail_rank and step == fail_step and int(os.environ["TLAUNCH_ATTEMPT"]) < fail_attempts:
            fail("the fake failure", fail_code)
        if step == 2 and os.environ.get("FAKE_HOLD"):
            while not os.path.exists(os.environ["FAKE_HOLD"]):
                time.sleep(0.01)
        time.sleep(float(os.environ.get("FAKE_STEP_S", 0.002)))
        step += 1
        loss = "NaN" if os.environ.get("FAKE_NAN") and step == 3 else 2.0 / (1 + step) + (0.5 if resumed and os.environ.get("FAKE_DRIFT") else 0)
        if RANK == 0:
            event("step", step=step, epoch=step // per_epoch, loss=loss, learning_rate=0.1, samples=step * BATCH, samples_per_s=5000)
        if loss == "NaN":
            fail("the loss is not finite (nan) at step 3; lower train.learning_rate", 1)
        if step % per_epoch == 0:
            if RANK == 0:
                event("eval", step=step, epoch=step // per_epoch, val_loss=1.0 / step, samples=64, seconds=0.001)
                if not os.environ.get("FAKE_NO_SAVE"):
                    save(step)
            if RANK == 0:
                event("epoch_end", epoch=step // per_epoch, step=step)
            event("memory", epoch=step // per_epoch, peak_bytes=100_000_000 + step // per_epoch * int(os.environ.get("FAKE_LEAK", 0)))
    if RANK == 0:
        event("end", status="completed", steps=step, epochs=step // per_epoch, samples=step * BATCH, metrics={"val_loss": 1.0 / step},
              train_wall_s=1, steady_samples_per_s=5000)


if __name__ == "__main__":
    if sys.argv[1] == "describe":
        describe()
    elif sys.argv[1] == "check":
        check()
    elif sys.argv[1] == "train":
        train(sys.argv[2])
    else:
        event("end", status="completed", samples=64, metrics={"val_loss": 0.25}, seconds=0.1)
