"""Runs one case on both sides: ours (BIN/tlaunch) and the Python twin under torchrun. A case is a dict of dotted config
keys. It holds every key that the twin reads, so that neither side's defaults can hide a difference, and also "device"
(cpu or cuda) and "ranks"."""
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from skip import skip, torch_or_skip

HERE = Path(__file__).resolve().parent
FASHION = os.environ.get("TLAUNCH_FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
OUTSIDE = ("device", "ranks")


def hdfs_or_skip():
    root = Path(os.environ.get("TLAUNCH_TEST_DATA", HERE.parents[2] / "shared" / "data")) / "hdfs"
    if not (root / "hdfs_train").exists():
        skip(f"no {root}/hdfs_train: set TLAUNCH_TEST_DATA to a folder with hdfs/")
    return str(root.resolve())


def fashion_or_skip():
    if not any(Path(FASHION).glob("train-images-idx3-ubyte*")):
        skip(f"no Fashion-MNIST in {FASHION}: install Debian's dataset-fashion-mnist")
    return FASHION


def cuda_or_skip():
    if not torch_or_skip().cuda.is_available():
        skip("no CUDA device on this machine")


COMMON = {
    "device": "cpu", "ranks": 2,
    "seed": 0, "deterministic": True, "model.dtype": "float32",
    "train.batch_size": 32, "train.gradient_accumulation_steps": 1,
    "train.optimizer": "adamw", "train.momentum": 0.0, "train.learning_rate": 2e-3, "train.weight_decay": 0.01,
    "train.schedule": "cosine", "train.warmup_steps": 5,
    "gpu.mixed_precision": "off", "gpu.channels_last": False,
}


def lstm_case(**changes):
    return COMMON | {
        "model.name": "lstm", "model.hidden_size": 64, "model.num_layers": 2, "model.window": 10,
        "model.input": "scalar",
        "data.name": "sessions", "data.root": hdfs_or_skip(), "data.val_fraction": 0.2,
    } | changes


def resnet_case(**changes):
    return COMMON | {
        "model.name": "resnet", "model.depth": 8, "model.width": 16, "model.stem": "small",
        "data.name": "fashion_mnist", "data.root": fashion_or_skip(), "data.augment": False,
    } | changes


def environment(case):
    """One thread per rank on both sides: with more, the order of sums and so the last bits of float32 would differ. A
    case for the CPU sees no card."""
    same = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
    return os.environ | same | ({"CUDA_VISIBLE_DEVICES": ""} if case["device"] == "cpu" else {})


def run(case, command, log, timeout_s):
    """Runs `command`; kills its whole process group, ranks included, after `timeout_s`."""
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                   env=environment(case), start_new_session=True)
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = f"did not end within {timeout_s} s"
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit: {code}\n{Path(log).read_text()[-3000:]}")


def initial_weights(case, path):
    """Writes PyTorch's initial weights, for both sides."""
    torch = torch_or_skip()
    from datasets import make_dataset
    from tensors import save
    from twin import model_of
    torch.manual_seed(case["seed"])
    save(model_of(case, make_dataset(case).shape).state_dict(), path)


def yaml_text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def overrides(case):
    """A case's keys for our command line."""
    effective = case["train.batch_size"] * case["train.gradient_accumulation_steps"] * case["ranks"]
    settings = {key: value for key, value in case.items() if key not in OUTSIDE} | {"train.effective_batch_size": effective}
    return [f"{key}={yaml_text(value)}" for key, value in settings.items()]


def run_ours(bin_dir, case, weights, folder, timeout_s=250):
    """The loss of each step, the metrics at the end, and the model of the last checkpoint."""
    config, run_dir = folder / "case.yaml", folder / "run"
    config.write_text("name: referee\n")
    more = {"model.weights": weights, "log.log_interval": 1, "tune.enabled": False}
    run(case, [str(Path(bin_dir) / "tlaunch"), "--nproc", str(case["ranks"]), "--run-dir", str(run_dir), str(config)]
        + overrides(case | more), folder / "ours.log", timeout_s)
    events = [json.loads(line) for line in (run_dir / "events.jsonl").read_text().splitlines()]
    losses = {event["step"]: event["loss"] for event in events if event["event"] == "step"}
    metrics = json.loads((run_dir / "summary.json").read_text())["metrics"]
    newest = max((run_dir / "checkpoints").glob("*.safetensors"), key=lambda path: path.stat().st_mtime)
    return {"losses": [losses[step] for step in sorted(losses)]} | metrics | {"model": load_model(newest)}


def run_twin(case, weights, folder, timeout_s=250):
    """The same for the twin."""
    (folder / "case.json").write_text(json.dumps(case))
    run(case, [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(case["ranks"]), "--rdzv_backend", "c10d",
         "--rdzv_endpoint", "127.0.0.1:0", "--local_addr", "127.0.0.1", str(HERE / "twin.py"),
         "--config", str(folder / "case.json"), "--weights", str(weights), "--output", str(folder)],
        folder / "twin.log", timeout_s)
    return json.loads((folder / "twin.json").read_text()) | {"model": load_model(folder / "twin.safetensors")}


def load_model(path):
    from tensors import load
    return {name: tensor for name, tensor in load(path).items() if not name.startswith("tlaunch.")}
