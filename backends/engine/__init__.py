"""How runs are executed. `local` is the default; another engine needs only the same six calls."""

import os
from functools import cache

from backends.engine.base import Engine, QueueState, RunState, RunStatus, Seen
from backends.engine.kept import KEPT_MB
from backends.engine.local import LocalEngine
from backends.engine.patience import Patience

__all__ = ["Engine", "LocalEngine", "Patience", "QueueState", "RunState", "RunStatus", "Seen", "the_engine"]


@cache
def the_engine() -> Engine:
    """The engine of this process, shared by the pages and the Gradio front."""
    return LocalEngine(
        num_workers=int(os.environ.get("ORRERY_WORKERS", "1")),
        max_waiting=int(os.environ.get("ORRERY_QUEUE", "64")),
        kept_mb=float(os.environ.get("ORRERY_KEPT_MB", KEPT_MB)),
        patience=Patience(time_limit_s=float(os.environ.get("ORRERY_TIME_LIMIT_S", "600"))),
    )
