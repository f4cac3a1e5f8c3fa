"""How long one operator takes against the number of tokens: a Speed -> plotly Figure, table, and the crossover in words; and two
blocks one after the other against side by side."""

import pandas as pd
import plotly.graph_objects as go

from backends.grafting.results import PairTiming, Speed, Timing
from visualizers.alt import described
from visualizers.grafting.methods import OPERATOR_STYLES, OPERATORS, place
from visualizers.theme import titled

FULL = "mha"  # what the others are held against
FELT = 2.0  # times as fast: what a person would notice


def operators(speed: Speed) -> list[str]:
    """Those that were timed, in their order."""
    return list(dict.fromkeys(row.operator for row in speed.rows))


def lines(speed: Speed) -> go.Figure:
    """Milliseconds per forward of one operator against tokens; both axes logarithmic."""
    figure = go.Figure([_line(speed, name) for name in operators(speed)])
    tokens = sorted({row.tokens for row in speed.rows})
    entries = len(figure.data)
    figure.update_layout(
        height=380 + 21 * entries, showlegend=True, margin={"b": 64 + 21 * entries}, legend={"maxheight": 0.9},
        title=titled("One forward of one operator", f"width {speed.width}, {speed.heads} heads, {speed.where}, one sample"),
        xaxis={"type": "log", "title": "tokens", "tickvals": tokens, "ticktext": [_short(count) for count in tokens]},
        yaxis={"type": "log", "title": "milliseconds", "dtick": 1})
    return described(figure, " ".join(crossover(speed)))


def _short(tokens: int) -> str:
    """16384 -> '16 k': a phone has room for four of them."""
    return f"{tokens / 1024:.3g} k" if tokens >= 1024 else str(tokens)


def _line(speed: Speed, name: str) -> go.Scatter:
    rows = sorted((row for row in speed.rows if row.operator == name), key=lambda row: row.tokens)
    colour, mark = OPERATOR_STYLES[name]
    label = "full attention" if name == FULL else OPERATORS[name]
    return go.Scatter(x=[row.tokens for row in rows], y=[row.least_ms for row in rows], mode="lines+markers", name=label,
                      line={"color": colour, "width": 3 if name == FULL else 2,
                            "dash": "solid" if place(name) == "attention" else "dash"},
                      marker={"color": colour, "symbol": mark, "size": 9},
                      customdata=[(row.median_ms, row.times) for row in rows],
                      hovertemplate=f"{label}, %{{x}} tokens: %{{y:.3g}} ms at least, %{{customdata[0]:.3g}} ms median of "
                                    "%{customdata[1]}<extra></extra>")


def _pairs(speed: Speed, name: str) -> list[tuple[int, float]]:
    """Tokens, and how many times as fast as full attention, where both were timed."""
    pairs: list[tuple[Timing, Timing]] = [(row, full) for row in speed.rows if row.operator == name
                                          and (full := speed.at(FULL, row.tokens)) is not None and row.least_ms > 0]
    return sorted((row.tokens, full.least_ms / row.least_ms) for row, full in pairs)


def faster_from(speed: Speed, name: str) -> int | None:
    """The least number of tokens from which on an operator was faster at every one that was timed."""
    found: int | None = None
    for tokens, ratio in _pairs(speed, name):
        found = (found or tokens) if ratio > 1 else None
    return found


def crossover(speed: Speed) -> list[str]:
    """From which number of tokens on each replacement of attention is faster, and how much at the most; a sentence each."""
    said = []
    for name in operators(speed):
        pairs = _pairs(speed, name)
        if name == FULL or place(name) != "attention" or not pairs:
            continue
        start, (tokens, ratio) = faster_from(speed, name), pairs[-1]
        if start is None:
            said.append(f"{_begin(name)} is not faster than full attention at {tokens:,} tokens ({ratio:.2g} times as fast).")
        else:
            said.append(f"{_begin(name)} is faster from {start:,} tokens on; at {tokens:,} it is {_times(ratio)} as fast.")
    return said


def _begin(name: str) -> str:
    words = OPERATORS[name]
    return words[0].upper() + words[1:]


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:.0f} times"


def at_this_size(speed: Speed, tokens: int) -> str:
    """What a graft gains at the picture model's own number of tokens, in one sentence; nothing where that was not timed."""
    found = [(ratio, name) for name in operators(speed) if name != FULL and place(name) == "attention"
             for count, ratio in _pairs(speed, name) if count == tokens]
    full = speed.at(FULL, tokens)
    if not found or full is None:
        return ""
    ratio, name = max(found)
    gain = full.least_ms * (1 - 1 / ratio)
    if ratio < FELT:
        told = (f"the quickest, {OPERATORS[name]}, takes {gain:.2g} ms less than full attention's {full.least_ms:.2g} ms" if ratio > 1
                else f"every replacement takes longer than full attention's {full.least_ms:.2g} ms")
        return f"At this model's {tokens} tokens no graft is faster in a way that a person would notice: {told}."
    return (f"At this model's {tokens} tokens {OPERATORS[name]} takes {full.least_ms / ratio:.2g} ms, full attention "
            f"{full.least_ms:.2g} ms: {_times(ratio)} as fast.")


def table(speed: Speed) -> pd.DataFrame:
    """One row per operator and number of tokens, full precision."""
    return pd.DataFrame([{"operator": row.operator, "tokens": row.tokens, "least (ms)": row.least_ms, "median (ms)": row.median_ms,
                          "times": row.times, "times as fast as full attention": _ratio(speed, row), "width": speed.width,
                          "heads": speed.heads, **_made_on(speed)} for row in speed.rows])


def _made_on(speed: Speed) -> dict[str, object]:
    return {"threads": speed.threads, "device": speed.device, "precision": speed.dtype}


def _ratio(speed: Speed, row: Timing) -> float | None:
    full = speed.at(FULL, row.tokens)
    return None if full is None or not row.least_ms else full.least_ms / row.least_ms


def pairs_table(speed: Speed) -> pd.DataFrame:
    """One row per number of tokens: milliseconds of two blocks each way, and how many times as fast as one after the other."""
    return pd.DataFrame([{
        "tokens": pair.tokens, "one after the other (ms)": pair.sequence_ms, "side by side, in turns (ms)": pair.beside_ms,
        "side by side, at once (ms)": pair.at_once_ms, "times as fast in turns": pair.sequence_ms / pair.beside_ms,
        "times as fast at once": None if pair.at_once_ms is None else pair.sequence_ms / pair.at_once_ms,
        **_made_on(speed)} for pair in speed.pairs])


def pairs_shown(speed: Speed) -> pd.DataFrame:
    """The same as it is read."""
    rows = []
    for pair in speed.pairs:
        row = {"tokens": f"{pair.tokens:,}", "one after the other": f"{pair.sequence_ms:.3g} ms",
               "side by side, in turns": f"{pair.beside_ms:.3g} ms"}
        if pair.at_once_ms is not None:
            row["side by side, at once"] = f"{pair.at_once_ms:.3g} ms"
        rows.append(row)
    return pd.DataFrame(rows)


def pairs_said(speed: Speed) -> str:
    """What standing side by side gains here, in a few words, at the least and the most tokens; nothing where it was not timed."""
    if not speed.pairs:
        return ""
    order = sorted(speed.pairs, key=lambda pair: pair.tokens)
    told = [_pair_said(pair) for pair in dict.fromkeys((order[0], order[-1]))]
    missing = "" if any(pair.at_once_ms is not None for pair in order) else (
        "one thread does not" if speed.device == "cpu" else "here they were not asked to be")
    why = ("Computed in turns it can gain nothing: the operations are the same and the merge comes on top. "
           + (f"It takes hardware that computes both blocks at once, and {missing}." if missing else
              "At once, each block has half of the threads: that gains where a block alone cannot keep all of them busy."))
    return f"On this machine with {speed.where}, {'; '.join(told)}. {why}"


def _pair_said(pair: PairTiming) -> str:
    at_once = "" if pair.at_once_ms is None else f", {pair.at_once_ms:.3g} ms when both are computed at once"
    return (f"at {pair.tokens:,} tokens two blocks take {pair.sequence_ms:.3g} ms one after the other, {pair.beside_ms:.3g} ms side "
            f"by side{at_once}")
