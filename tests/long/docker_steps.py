#!/usr/bin/env python3
"""The Dockerfile's steps where there is no Docker: in clean Debian roots, by chroot. Then the image is used as a user
would: as a uid that nobody knows, as process 1, with a run that is trained, stopped and resumed.

Usage: docker_steps.py --check            only reads: is the Dockerfile in step with the sources? (seconds)
       docker_steps.py [--keep] [FOLDER]  all steps, as root, with mmdebstrap; needs some 12 GB below FOLDER (/var/tmp)

Takes the packages from where this machine takes them: its apt sources for Debian, and its settings for pip.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASE = "debian:12"
SUITE = "bookworm"
NOBODYS_UID = 12345
CERTIFICATES = "/etc/certificates-of-the-machine.crt"  # a name that no package of the image writes over


def instructions(text):
    """(word, rest) of each instruction, continued lines joined."""
    lines = re.sub(r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
    for line in filter(str.strip, lines.splitlines()):
        word, rest = line.split(None, 1)
        yield word, " ".join(rest.split())


class Stage:
    def __init__(self, name):
        self.name, self.steps = name, []


def stages(text):
    found = []
    for word, rest in instructions(text):
        if word == "FROM":
            words = rest.split()
            assert words[0] == BASE, f"FROM {words[0]}: {BASE} is expected"
            found.append(Stage(words[2] if len(words) == 3 and words[1] == "AS" else ""))
        else:
            assert word in ("RUN", "COPY", "ENV", "WORKDIR", "ENTRYPOINT"), f"{word} is not understood here"
            found[-1].steps.append((word, rest))
    return found


def ignored(path):
    """By .dockerignore, whose patterns here are names, with * at their end or **/ before them."""
    parts = pathlib.PurePosixPath(path).parts
    for pattern in filter(None, (ROOT / ".dockerignore").read_text().splitlines()):
        names = parts if pattern.startswith("**/") else parts[:1]
        if any(pathlib.PurePosixPath(name).match(pattern.removeprefix("**/")) for name in names):
            return True
    return False


def copy_words(rest):
    words = rest.split()
    source = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
    return source, words[:-1], words[-1]


def check():
    """What can be told without running anything. Raises AssertionError."""
    found = stages((ROOT / "Dockerfile").read_text())
    workdir = {stage.name: next(rest for word, rest in stage.steps if word == "WORKDIR") for stage in found}
    presets = {preset["name"] for preset in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}
    for stage in found:
        for word, rest in stage.steps:
            if word == "COPY":
                source, paths, _ = copy_words(rest)
                for path in paths:
                    if source is None:
                        assert (ROOT / path).exists() and not ignored(path), f"COPY {path}: not in the sources"
                    else:
                        made_there = source in workdir and path.startswith(workdir[source] + "/")
                        assert made_there, f"COPY --from={source} {path}: not made there"
            if word == "RUN" and rest.startswith("scripts/"):
                script, *arguments = rest.split()
                assert os.access(ROOT / script, os.X_OK) and not ignored(script), f"RUN {script}: no such script"
                assert script != "scripts/build" or set(arguments) <= presets, f"RUN {rest}: no such preset"
    assert found[-1].steps[-1] == ("ENTRYPOINT", '["tlaunch"]')
    assert ignored(".git") and ignored("build-release") and ignored(".venv") and not ignored("scripts")
    return found


def run(*words, **options):
    return subprocess.run(words, check=True, **options)


def make_base(folder):
    """A Debian as the base image: essential packages and apt, with this machine's own sources of Debian packages."""
    base = folder / "base"
    print(f"==> {BASE}: mmdebstrap", flush=True)
    sources = [p for p in pathlib.Path("/etc/apt").glob("sources.list.d/*") if "debian" in p.read_text()]
    sources += [p for p in [pathlib.Path("/etc/apt/sources.list")] if p.exists() and p.read_text().strip()]
    run("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", SUITE, str(base), *map(str, sources[:1]))
    for path in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf"):
        if os.path.exists(path):
            shutil.copy(path, base / path[1:])
    if os.path.isfile(os.environ.get("PIP_CERT", "")):
        shutil.copy(os.environ["PIP_CERT"], base / CERTIFICATES[1:])
    for path in pathlib.Path("/etc/apt/apt.conf.d").glob("99*"):
        shutil.copy(path, base / "etc/apt/apt.conf.d")
    return base


def in_root(root, environment, workdir, words, uid=0, **options):
    """The command as process 1 of a container, but for the network: /proc, /dev and process numbers of its own."""
    inner = 'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && exec chroot --userspec="$2:$2" "$1" ' \
            '/usr/bin/env -i "${@:3}"'
    settings = [f"{name}={value}" for name, value in environment.items()]
    shell = ["/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", workdir, *words]
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", inner, "bash", str(root), str(uid),
            *settings, *shell]


def build(found, folder):
    """All stages; returns the last one's root, environment and working directory."""
    base, roots = make_base(folder), {}
    for number, stage in enumerate(found):
        root = folder / f"stage{number}"
        run("cp", "-a", str(base), str(root))
        roots[stage.name] = root
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        own = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        own.pop("PIP_FIND_LINKS", None)  # a folder of this machine
        if "PIP_CERT" in own:
            own["PIP_CERT"] = CERTIFICATES
        workdir = "/"
        for word, rest in stage.steps:
            print(f"==> {stage.name or 'image'}: {word} {rest}", flush=True)
            if word == "ENV":
                name, value = rest.split("=", 1)
                environment[name] = value
            elif word == "WORKDIR":
                workdir = rest
                (root / rest[1:]).mkdir(parents=True, exist_ok=True)
            elif word == "RUN":
                run(*in_root(root, {**environment, **own}, workdir, ["/bin/sh", "-c", rest]))
            elif word == "COPY":
                copy(root, roots, workdir, *copy_words(rest))
    return root, environment, workdir


def copy(root, roots, workdir, source, paths, target):
    into = root / os.path.join(workdir, target)[1:]
    if source is None:  # of the sources what a clean clone has
        for path in paths:
            tracked = run("git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z", path,
                          capture_output=True, text=True)
            for name in filter(None, tracked.stdout.split("\0")):
                if ignored(name) or not (ROOT / name).is_file():
                    continue
                to = into / (name if path == "." else os.path.relpath(name, path))
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, to)
        return
    for path in paths:
        where = roots[source] / path[1:]
        to = into / where.name if target.endswith("/") else into
        to.parent.mkdir(parents=True, exist_ok=True)
        run("cp", "-a", str(where) + ("/." if where.is_dir() else ""), str(to))


def write_job(work):
    """Sessions of a log by rule, and a config of some thousand steps."""
    data = work / "data"
    data.mkdir(parents=True)
    line = " ".join(str(i % 12 + 1) for i in range(24)) + "\n"
    for name in ("hdfs_train", "hdfs_test_normal", "hdfs_test_abnormal"):
        (data / name).write_text(line * 200)
    (work / "job.yaml").write_text(
        "model: {name: lstm, hidden_size: 16, num_layers: 2, window: 6, top_g: 3}\n"
        "data: {name: sessions, root: data}\n"
        "train: {max_steps: 2000, effective_batch_size: 48}\n"
        "tune: {enabled: false}\n")
    for path in [work, data, *data.iterdir(), work / "job.yaml"]:
        os.chown(path, NOBODYS_UID, NOBODYS_UID)


def use(root, environment, workdir):
    """As `docker run --user 12345` would: tlaunch is process 1."""
    work = root / workdir[1:]
    write_job(work)
    tlaunch = lambda *words: in_root(root, environment, workdir, ["tlaunch", *words], uid=NOBODYS_UID)
    print(run(*tlaunch("--version"), capture_output=True, text=True).stdout.strip())
    run(*tlaunch("probe"))
    run(*tlaunch("--nproc", "2", "--run-dir", "whole", "job.yaml"))
    started = subprocess.Popen(tlaunch("--nproc", "2", "--run-dir", "part", "job.yaml", "log.log_interval=1"))
    events = work / "part/events.jsonl"
    while not (events.exists() and events.read_text().count('"event":"step"') > 20):
        assert started.poll() is None, "the run ended before it could be stopped"
        time.sleep(0.05)
    # To process 1 of the container, as `docker stop` does.
    (process_1,) = children(started.pid)
    os.kill(process_1, signal.SIGTERM)
    assert started.wait(60) == 75, f"exit code {started.returncode} after SIGTERM"
    run(*tlaunch("--nproc", "2", "--run-dir", "part", "--resume", "auto", "job.yaml", "log.log_interval=1"))
    last = lambda name: (work / name / "checkpoints/last.safetensors").read_bytes()
    assert last("part") == last("whole"), "the resumed run differs from the whole one"
    # An orphan that comes to process 1 is no obstacle to its end.
    run(*tlaunch("--no-python", "sh", "-c", "(setsid sleep 1000 &) ; exit 0"), timeout=60)


def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def main():
    found = check()
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    if "--check" in sys.argv:
        return
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        sys.exit("docker_steps: needs root and mmdebstrap (apt-get install mmdebstrap)")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="docker-steps-", dir=arguments[0] if arguments else "/var/tmp"))
    try:
        use(*build(found, folder))
        print("docker_steps: the image was made and works")
    finally:
        if "--keep" not in sys.argv:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
