"""Forward time of every operator against full attention, at the miniature's width and at DiT-XL's."""

import torch

from backends.grafting.speed import MIXERS
from benchmarks.tables import markdown
from models.diffusion.latency import Took, took
from models.diffusion.surgery import Shape

WIDTHS = {"96 wide, 6 heads (the miniature)": (Shape(96, 6, 64), (64, 256, 1024, 4096, 16384)),
          "1,152 wide, 16 heads (DiT-XL)": (Shape(1152, 16, 256), (256, 1024, 4096))}


def section() -> str:
    """Milliseconds of one forward of one sample, and how many times faster than full attention."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tables = [f"**{name}**\n\n{_table(shape, counts)}" for name, (shape, counts) in WIDTHS.items()]
    finally:
        torch.set_num_threads(threads)
    return ("## Operators against full attention\n\nOne sample, single precision, one thread, projections included: median of up to "
            "20 forwards (at least 3) after 3 for warming up, in milliseconds; behind it full attention's time over it.\n\n"
            + "\n".join(tables))


def _table(shape: Shape, counts: tuple[int, ...]) -> str:
    timed = {(operator, tokens): took(operator, shape, tokens) for tokens in counts for operator in MIXERS}
    rows = [[operator, *(_cell(timed[operator, tokens], timed["mha", tokens]) for tokens in counts)] for operator in MIXERS]
    return markdown(("operator", *(f"{tokens:,} tokens" for tokens in counts)), rows)


def _cell(took_: Took, full: Took) -> str:
    return f"{took_.median_ms:.3g} ({full.median_ms / took_.median_ms:.3g} x)"
