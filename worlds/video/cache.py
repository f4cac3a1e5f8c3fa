"""Frames that were decoded already, least recently used first to go."""

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np


class FrameCache:
    """A bounded store of frames.

    Args:
        limit_bytes: how much the pictures may take together; 0 keeps none.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._frames: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self.num_bytes = 0

    def get(self, key: Hashable) -> np.ndarray | None:
        """Return the frame, (height, width, 3) uint8, or None."""
        frame = self._frames.get(key)
        if frame is not None:
            self._frames.move_to_end(key)
        return frame

    def put(self, key: Hashable, frame: np.ndarray) -> None:
        """Keep `frame`, and forget the ones not asked for longest until all fit."""
        if key in self._frames or frame.nbytes > self._limit_bytes:
            return
        self._frames[key] = frame
        self.num_bytes += frame.nbytes
        while self.num_bytes > self._limit_bytes:
            _, oldest = self._frames.popitem(last=False)
            self.num_bytes -= oldest.nbytes

    def clear(self) -> None:
        """Forget everything."""
        self._frames.clear()
        self.num_bytes = 0
