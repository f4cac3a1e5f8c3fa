"""Figures of CoDA that no recorded run has: a file's bars, logarithmic bars, sampling and DoLa, a long prompt, long words."""

from dataclasses import replace

import plotly.graph_objects as go

from backends.coda.results import CodaResult
from backends.coda.system import RECORDED
from backends.files.saved import load_result
from tests.visualizers.coda import test_figures as made
from visualizers.coda import answered, recovery, tokens


def figures() -> dict[str, go.Figure]:
    words = "unmistakably incontrovertible circumstances notwithstanding internationalisation"
    long = made.ASKED.model_copy(update={"prompt": words})
    many = made.FOUND.model_copy(update={"tried": tuple(
        replace(made.FOUND.tried[number % 2], positions=(number,), lift=number / 10, text="incontrovertibility")
        for number in range(60))})
    whole = load_result((RECORDED / "recovery.orrery").read_bytes(), CodaResult).recovery
    assert whole is not None
    names = [row.decoder for row in whole.rows]
    wide = made.token("incontrovertible")
    bars = answered.bars(made.FILE)
    assert bars is not None
    return {
        "file": bars, "logarithmic": tokens.distributions(wide, long, alpha=0.01, with_masked=True, is_log=True),
        "unpaired": tokens.distributions(wide, long, alpha=0.01, with_masked=False),
        **{f"{method} scores": tokens.score_bars(wide, long, method=method, name=method)
           for method in ("sample", "dola", "cad_random", "coda_paper")},
        "every decoder": recovery.exact_match(whole, names), "every decoder's curve": recovery.trade_off(whole, names),
        "long prompt": tokens.candidates(many, tau=0.1), "detectors of one": recovery.finders(made.RECOVERY)}
