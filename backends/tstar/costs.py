"""What a search costs: counters, and the paper's cost model (eq. 8): compute = N_VLM C_VLM + N_det C_det.

The constants are fitted to the paper's Table 3 and reproduce its rows to rounding; VideoAgent's QA is the exception
(10.1 frames instead of 8). Not here: FLOPs of our own models, which are counted on a forward.
"""

from dataclasses import dataclass, replace
from typing import Literal

DETECTOR_TFLOP = 216.1 / 840  # YOLO-World on one picture: the retrieval row, 840 pictures
GROUNDING_7B_TFLOP = 20.6  # LLaVA-7B on 8 frames, once
ATTENTION_72B_TFLOP = 29.6  # LLaVA-72B's attention, one grid
QA_72B_TFLOP = 139.3  # LLaVA-72B answers from 8 frames
QA_72B_S = 3.6

Vlm = Literal["llava-7b", "llava-72b"]
VLM_TFLOP: dict[Vlm, float] = {"llava-7b": GROUNDING_7B_TFLOP, "llava-72b": ATTENTION_72B_TFLOP}


@dataclass(frozen=True)
class Counters:
    """What was looked at and how long it took. Grid frames are what the budget counts; verification is not charged."""

    frames_grid: int = 0
    frames_verify: int = 0
    frames_grounding: int = 0
    detector_calls_grid: int = 0
    detector_calls_verify: int = 0
    vlm_calls: int = 0
    decode_s: float = 0.0
    detect_s: float = 0.0
    vlm_s: float = 0.0

    def __add__(self, other: "Counters") -> "Counters":
        return Counters(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})

    @property
    def frames(self) -> int:
        """All frames processed: the paper's frame cost (Sec. 2.4)."""
        return self.frames_grid + self.frames_verify + self.frames_grounding

    @property
    def detector_calls(self) -> int:
        return self.detector_calls_grid + self.detector_calls_verify

    @property
    def busy_s(self) -> float:
        return self.decode_s + self.detect_s + self.vlm_s

    def after_grid(self, frames: int) -> "Counters":
        """One more grid picture: one detector call, however many frames it holds."""
        return replace(self, frames_grid=self.frames_grid + frames, detector_calls_grid=self.detector_calls_grid + 1)

    def after_verification(self, calls: int = 1) -> "Counters":
        """Single frames looked at again, one call each."""
        return replace(self, frames_verify=self.frames_verify + calls,
                       detector_calls_verify=self.detector_calls_verify + calls)

    def after_grounding(self, frames: int) -> "Counters":
        return replace(self, frames_grounding=self.frames_grounding + frames, vlm_calls=self.vlm_calls + 1)


def tflops(*, detector_calls: int, vlm_calls: int = 0, vlm: Vlm = "llava-7b",
           detector_tflop: float = DETECTOR_TFLOP) -> float:
    """TFLOP of one search with the paper's models (eq. 8). The answer is not in it: see `overall_tflops`."""
    if detector_calls < 0 or vlm_calls < 0:
        raise ValueError(f"{detector_calls} detector and {vlm_calls} VLM calls; both must be 0 or more")
    return vlm_calls * VLM_TFLOP[vlm] + detector_calls * detector_tflop


def overall_tflops(search_tflops: float) -> float:
    """Search plus one answer by LLaVA-72B from 8 frames."""
    return search_tflops + QA_72B_TFLOP


def paper_scale_tflops(counters: Counters) -> float:
    """What this search would cost with YOLO-World and LLaVA-7B: same counts, the paper's constants."""
    return tflops(detector_calls=counters.detector_calls, vlm_calls=counters.vlm_calls)
