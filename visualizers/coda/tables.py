"""Tables of a CoDA run: what each decoder is made of, wrote and why; the paper's table beside it."""

from collections.abc import Sequence

import pandas as pd

from backends.coda import paper
from backends.coda.choices import STOP_WORDS, Kind
from backends.coda.results import Asked, CodaResult, Written
from backends.coda.settings import CodaSettings
from visualizers.coda import recovery as recovery_figures
from visualizers.coda.words import MEMBERSHIP, chosen_of, decoder_name, found_of, shown_piece, verdict, why


def definitions_table(result: CodaResult) -> pd.DataFrame:
    """One row per decoder of the run with all that it is made of; what it does not use is empty."""
    return pd.DataFrame([{
        "decoder": one.title, "score": one.formula, "α": one.alpha, "b": one.escape_bias, "gate": one.gate, "a": one.weight,
        "masked prompt": one.detector, "unit": one.unit, "above (nats)": one.tau, "masking": one.mask_mode, "source": one.source}
        for one in result.definitions])


def baseline(asked: Asked) -> str:
    """What CAD would write first for each content word that could be masked, counted: what any detector has to beat."""
    words = [entry for entry in asked.found.tried if entry.first and entry.text.strip().lower() not in STOP_WORDS]
    if not words:
        return ""
    counts: dict[str, list[str]] = {}
    for entry in words:
        counts.setdefault(shown_piece(entry.first), []).append(entry.text.strip())
    listed = sorted(counts.items(), key=lambda one: -len(one[1]))[:4]
    told = ", ".join(f"“{first}” without {' or '.join(names)}" for first, names in listed)
    return f"of {len(words)} content words CAD would begin with {told}."


def steps_table(asked: Asked, settings: CodaSettings, kind: Kind | None = None) -> pd.DataFrame:
    """One row per decoder and token: what was written, what greedy would write, and why."""
    return pd.DataFrame([_step(asked, written, index, settings, kind)
                         for written in asked.written for index in range(len(written.tokens))])


def _step(asked: Asked, written: Written, index: int, settings: CodaSettings, kind: Kind | None) -> dict[str, object]:
    token = written.tokens[index]
    entry = chosen_of(token)
    numbers = {} if entry is None else {"set": MEMBERSHIP[entry.membership], "log p(y|X)": round(entry.full, 3),
                                        "log p(y|X')": round(entry.masked, 3), "s(y)": round(entry.score, 3)}
    return {"decoder": decoder_name(written.method, settings, kind), "token": index + 1, "written": token.piece,
            "greedy would write": token.greedy_piece, "contrasted": token.is_contrasted, **numbers,
            "why": why(token, written.method, found_of(asked, written), settings)}


def answers_table(asked: Sequence[Asked], settings: CodaSettings, kind: Kind | None = None) -> pd.DataFrame:
    """One row per prompt and decoder."""
    return pd.DataFrame([{
        "prompt": one.prompt, "decoder": decoder_name(written.method, settings, kind), "answer": written.text.strip(),
        "verdict": verdict(written), "correct answer": one.right or "", "popular answer": one.popular or "", "P": one.num_popular,
        "masked": found_of(one, written).chosen or ""} for one in asked for written in one.written])


def paper_decoders(result: CodaResult) -> pd.DataFrame:
    """The paper's Table 3, exact match in per cent, and this run's rows in a column of their own."""
    rows = [{"model": row.model, "decoder": row.method} | {task: "–" if score is None else f"{score:.1f}" for task, score
                                                           in zip(paper.TASKS, row.scores)} for row in paper.DECODERS]
    rows += [{"model": f"this run ({result.model_id})", "decoder": name, "this run": words} for name, words in _own_rows(result)]
    return pd.DataFrame(rows).fillna("")


def _own_rows(result: CodaResult) -> list[tuple[str, str]]:
    if result.recovery:
        return [(row.decoder, recovery_figures.interval(row.exact_match)) for row in result.recovery.rows]
    if result.file:
        known = {m: [v for row in result.file.rows if (v := row.is_right.get(m)) is not None] for m in result.settings.methods}
    else:
        known = {m: [w.is_right for a in result.asked for w in a.written if w.method == m and w.is_right is not None]
                 for m in result.settings.methods}
    return [(decoder_name(m, result.settings, result.kind), f"{sum(values)} of {len(values)} correct")
            for m, values in known.items() if values]
