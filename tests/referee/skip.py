"""Exit code 77 tells ctest and our C++ tests that a referee could not run; the reason goes to standard output."""
import importlib
import sys

SKIP = 77


def skip(reason):
    print("SKIP:", reason, flush=True)
    sys.exit(SKIP)


def torch_or_skip(*more):
    """Returns torch, or skips the test if torch or one of the modules `more` is missing."""
    try:
        for name in more:
            importlib.import_module(name)
        return importlib.import_module("torch")
    except ImportError as error:
        skip(f"{sys.executable}: {error}")
