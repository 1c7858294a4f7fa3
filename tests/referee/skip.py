"""Exit code 77 tells ctest and our C++ tests that a referee could not run; the reason goes to standard output."""
import sys

SKIP = 77


def skip(reason):
    print("SKIP:", reason, flush=True)
    sys.exit(SKIP)


def torch_or_skip():
    try:
        import torch  # noqa: F401
        import safetensors.torch  # noqa: F401
    except ImportError as error:
        skip(f"{sys.executable}: {error}")
    return torch
