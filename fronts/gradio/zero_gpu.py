"""ZeroGPU, where a GPU is lent to one function call at a time: there the whole run is that call.

The door imports `spaces` before all else there, for it has to come before everything that touches CUDA; so does this module,
for whoever imports it without the door.
"""

import os

ON_ZERO_GPU = bool(os.environ.get("SPACES_ZERO_GPU"))
if ON_ZERO_GPU:
    import spaces

from collections.abc import Iterator  # noqa: E402

from backends.registry import system  # noqa: E402
from backends.run import Event, Inputs, Settings  # noqa: E402

SECONDS = 120  # of a call


def run_on_zero_gpu(name: str, settings: Settings, inputs: Inputs) -> Iterator[Event]:
    """The whole run in one lent GPU call; it is another process, so only plain values cross."""
    yield from system(name).run(settings, inputs)


if ON_ZERO_GPU:
    run_on_zero_gpu = spaces.GPU(duration=SECONDS)(run_on_zero_gpu)
