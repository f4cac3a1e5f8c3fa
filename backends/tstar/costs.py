"""What a search costs by the paper's cost model (eq. 8): compute = N_VLM C_VLM + N_det C_det.

The constants are fitted to the paper's Table 3 and reproduce its rows to rounding; VideoAgent's QA is the exception
(10.1 frames instead of 8). Not here: FLOPs of our own models, which are counted on a forward.
"""

from typing import Literal

DETECTOR_TFLOP = 216.1 / 840  # YOLO-World on one picture: the retrieval row, 840 pictures
GROUNDING_7B_TFLOP = 20.6  # LLaVA-7B on 8 frames, once
ATTENTION_72B_TFLOP = 29.6  # LLaVA-72B's attention, one grid
QA_72B_TFLOP = 139.3  # LLaVA-72B answers from 8 frames
QA_72B_S = 3.6

Vlm = Literal["llava-7b", "llava-72b"]
VLM_TFLOP: dict[Vlm, float] = {"llava-7b": GROUNDING_7B_TFLOP, "llava-72b": ATTENTION_72B_TFLOP}


def tflops(*, detector_calls: int, vlm_calls: int = 0, vlm: Vlm = "llava-7b",
           detector_tflop: float = DETECTOR_TFLOP) -> float:
    """TFLOP of one search with the paper's models (eq. 8). The answer is not in it: see `overall_tflops`."""
    if detector_calls < 0 or vlm_calls < 0:
        raise ValueError(f"{detector_calls} detector and {vlm_calls} VLM calls; both must be 0 or more")
    return vlm_calls * VLM_TFLOP[vlm] + detector_calls * detector_tflop


def overall_tflops(search_tflops: float) -> float:
    """Search plus one answer by LLaVA-72B from 8 frames."""
    return search_tflops + QA_72B_TFLOP
