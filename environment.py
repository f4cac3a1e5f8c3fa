"""What every entrance sets before anything heavy is imported: no telemetry, no network unless asked for, threads that yield.

The libraries read these variables once, at their import, so `prepare` comes first in app.py, server.py and gradio_app.py.
"""

import os
import signal
import sys


def prepare() -> None:
    """Set what is not set. `ORRERY_ALLOW_DOWNLOAD=1` lets the hub be asked for real checkpoints."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # OpenMP's threads spin while they wait for each other; where cores are shared that made the detector six times slower
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if os.environ.get("ORRERY_ALLOW_DOWNLOAD") != "1":
        os.environ.setdefault("HF_HUB_OFFLINE", "1")


def is_space() -> bool:
    """Whether this runs on a Hugging Face Space, inside its frame and behind its proxy."""
    return bool(os.environ.get("SPACE_ID"))


def leave_on_sigterm() -> None:
    """End in order when the process is told to: by default Python dies at once, and leaves its visitors' files behind."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
