"""Attention of vision-language models: read on the picture, rescaled, and answered from at many alphas for the price of one.

`ask` is the whole of it in one call. `Prefill` keeps a question read, so that a slider costs one token; `Tap` is the tool
beneath, for any forward pass or `generate`. AdaptVis and ScalingVis: arXiv 2503.01773.
"""

from models.attention.asking import Answers, ask, ask_all, unknown_words
from models.attention.families import prepare
from models.attention.pixels import Places, token_places
from models.attention.prefill import Look, Prefill
from models.attention.rows import Maps, Reads, Scaling, Variant
from models.attention.tap import Tap, image_columns

__all__ = ["Answers", "Look", "Maps", "Places", "Prefill", "Reads", "Scaling", "Tap", "Variant", "ask", "ask_all",
           "image_columns", "prepare", "token_places", "unknown_words"]
