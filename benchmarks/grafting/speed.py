"""Forward time of every operator against full attention, at the miniature's width and at DiT-XL's; and of two blocks one after the
other against side by side."""

import torch

from backends.grafting.speed import MIXERS
from benchmarks.tables import markdown
from models.diffusion.latency import PairTook, Took, pair_took, took
from models.diffusion.surgery import Shape

WIDTHS = {"96 wide, 6 heads (the miniature)": (Shape(96, 6, 64), (64, 256, 1024, 4096, 16384)),
          "1,152 wide, 16 heads (DiT-XL)": (Shape(1152, 16, 256), (256, 1024, 4096))}
TIMES, FEW_FROM = 20, 16_384  # forwards of each, and the tokens from which on there are fewer
PAIRS = {"the miniature": (Shape(96, 6, 64), (64, 256, 1024)), "DiT-XL": (Shape(1152, 16, 256), (256, 1024))}


def section() -> str:
    """Milliseconds of one forward of one sample, and how many times faster than full attention."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tables = [f"**{name}**\n\n{_table(shape, counts)}" for name, (shape, counts) in WIDTHS.items()]
    finally:
        torch.set_num_threads(threads)
    return ("## Operators against full attention\n\nOne sample, single precision, one thread, projections included: "
            f"median and least of {TIMES} forwards (from {FEW_FROM:,} tokens on of at least 3) after 3 for warming up, in "
            "milliseconds; in brackets full attention's median over it.\n\n"
            + "\n".join(tables) + "\n\n" + pairs_section(threads))


def pairs_section(threads: int) -> str:
    """Two blocks with one thread, and with all that the machine has."""
    before, rows = torch.get_num_threads(), []
    try:
        for name, (shape, counts) in PAIRS.items():
            for number in sorted({1, threads}):
                torch.set_num_threads(number)
                rows += [_pair_row(name, pair_took(shape, tokens)) for tokens in counts]
    finally:
        torch.set_num_threads(before)
    head = ("model", "tokens", "threads", "one after the other", "side by side, in turns", "side by side, at once")
    return ("**Two blocks one after the other against side by side (depth to width)**\n\nOne sample, single precision, median of up "
            "to 20 forwards (at least 3), in milliseconds; behind it the time one after the other over it. In turns: one block, then "
            f"the other, with all threads. At once: each with half of the threads.\n\n{markdown(head, rows)}")


def _pair_row(name: str, pair: PairTook) -> list[str]:
    after = pair.sequence[1]

    def cell(took_: tuple[float, float] | None) -> str:
        return "–" if took_ is None else f"{took_[1]:.3g} ({after / took_[1]:.2f} x)"

    return [name, f"{pair.tokens:,}", str(pair.threads), f"{after:.3g}", cell(pair.beside), cell(pair.at_once)]


def _table(shape: Shape, counts: tuple[int, ...]) -> str:
    timed = {(operator, tokens): took(operator, shape, tokens, least=TIMES if tokens < FEW_FROM else 3)
             for tokens in counts for operator in MIXERS}
    rows = [[operator, *(_cell(timed[operator, tokens], timed["mha", tokens]) for tokens in counts)] for operator in MIXERS]
    table = markdown(("operator", *(f"{tokens:,} tokens" for tokens in counts)), rows)
    if shape.width > 96 or 4_096 not in counts:
        return table
    times = timed["mha", 4_096].median_ms / timed["hyena-x", 4_096].median_ms
    return f"{table}\nAt 4,096 tokens full attention takes {times:.1f} times as long as Hyena-X (asked: at least 5).\n"


def _cell(took_: Took, full: Took) -> str:
    return f"{took_.median_ms:.3g}, least {took_.least_ms:.3g} ({full.median_ms / took_.median_ms:.3g} x)"
