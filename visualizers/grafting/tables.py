"""Tables of a grafting: states and their numbers, how layers healed, the paper's beside this run's."""

import pandas as pd

from backends.grafting import paper
from backends.grafting.measured import CONTROL, SEEDS, Measured, Row, name_of
from backends.grafting.results import Grafted, GraftingResult, Locality, Samples, State
from backends.numbers import signed
from models.diffusion.choices import OURS
from visualizers.grafting import costs
from visualizers.grafting.methods import OPERATORS, STATE_NAMES, label, place
from visualizers.text import per_cent

JUDGED = ("accuracy", "proxy-FD", "n", "floor", "painted by")  # columns of what a classifier said
COLUMNS = ("operator", "replaced", "held-out error here", "proxy-FD here", "IS", "FID", "sFID", "mixing FLOPs", "feature FLOPs",
           "parameters", "source")  # of the paper's Table 4 and this run


def against_original(grafted: Grafted, state: State) -> float | None:
    """How much higher a state's held-out error is than the original's, in per cent."""
    original = grafted.state("original")
    if original is None or not original.held_out or state.held_out is None:
        return None
    return 100 * (state.held_out / original.held_out - 1)


def states_table(grafted: Grafted) -> pd.DataFrame:
    """One row per state, as it is shown: what ranks them first, how it was painted last; then somebody's own pictures."""
    rows = [_shown(grafted, state) for state in grafted.states]
    table = pd.DataFrame(rows + ([_own(grafted.samples)] if grafted.samples else []))
    is_judged = grafted.samples is not None or any(state.judgement for state in grafted.states)
    return table if is_judged else table.drop(columns=list(JUDGED))


def _own(samples: Samples) -> dict[str, str]:
    return {"state": f"yours: {samples.name}", "held-out error": "–", "against the original": "–", "took": "",
            "accuracy": "no kinds" if samples.accuracy is None else per_cent(samples.accuracy),
            "proxy-FD": "too few" if samples.proxy_fd is None else f"{samples.proxy_fd:.1f}", "n": f"{samples.number:,}",
            "floor": "–" if samples.floor is None else f"{samples.floor:.2f}", "painted by": "not here"}


def _shown(grafted: Grafted, state: State) -> dict[str, str]:
    judged, above = state.judgement, against_original(grafted, state)
    row = {"state": STATE_NAMES[state.name], "held-out error": "–" if state.held_out is None else f"{state.held_out:.4f}",
           "against the original": "–" if above is None else f"{signed(above, 1)} %", "took": f"{state.seconds:.1f} s"}
    if judged is None:
        return row | {"accuracy": "not judged", "proxy-FD": "", "n": "", "floor": "", "painted by": ""}
    return row | {"accuracy": per_cent(judged.accuracy),
                  "proxy-FD": "too few" if judged.proxy_fd is None else f"{judged.proxy_fd:.1f}",
                  "n": f"{judged.number:,}", "floor": "–" if judged.floor is None else f"{judged.floor:.2f}",
                  "painted by": f"{judged.sampler}, {judged.steps} steps, guidance {judged.guidance:g}"}


def states_numbers(grafted: Grafted) -> pd.DataFrame:
    """The same in full, for a file."""
    return pd.DataFrame([{
        "state": state.name, "held-out error": state.held_out, "above the original (%)": against_original(grafted, state),
        "seconds": state.seconds,
        **({} if state.judgement is None else state.judgement.model_dump())} for state in grafted.states] + (
            [{"state": f"yours: {grafted.samples.name}", **grafted.samples.model_dump(exclude={"name", "pictures"})}]
            if grafted.samples else []))


def healed_table(grafted: Grafted) -> pd.DataFrame:
    """One row per layer, or pair, and check of stage 1, then one per check of stage 2."""
    is_pair = place(grafted.operator) == "block"
    rows: list[dict[str, object]] = [
        {"stage": 1, "layer": label(grafted.operator, healed.layer) if is_pair else healed.layer, "step": step,
         "relative error": error}
        for healed in grafted.healed for step, error in zip(healed.steps, healed.errors)]
    rows += [{"stage": 2, "layer": None, "step": step, "mean squared error": error}
             for step, error in zip(grafted.tuned_steps, grafted.tuned_errors)]
    table = pd.DataFrame(rows)
    return table if is_pair or "layer" not in table else table.astype({"layer": "Int64"})  # whole numbers, and none of stage 2


def locality_table(found: Locality) -> pd.DataFrame:
    """One row per layer: near attention in raster order and on the grid, each head, the patterns that take it."""
    return pd.DataFrame([{
        "layer": layer, "near": float(found.shares[layer]), "near on the grid": float(found.grid_shares[layer]),
        **{f"head {head}": float(share) for head, share in enumerate(found.head_shares[layer])},
        "evenly spread": found.even, "taken by": ", ".join(one.pattern for one in found.picked if layer in one.layers)}
        for layer in range(len(found.shares))])


def paper_grafts(result: GraftingResult) -> pd.DataFrame:
    """The paper's Table 4 under this run's row, whose own numbers stand in columns of their own."""
    rows: list[dict[str, str | None]] = [{
        "operator": OPERATORS[row.operator], "replaced": f"{row.ratio} %", "IS": _number(row.inception), "FID": _fid(row.fid),
        "sFID": _number(row.sfid), "mixing FLOPs": _change(row.mixing), "feature FLOPs": _change(row.features),
        "parameters": _change(row.parameters), "source": "Table 4"} for row in paper.GRAFTS]
    return pd.DataFrame([*_own_row(result), *rows]).reindex(columns=COLUMNS).dropna(axis=1, how="all").fillna("")


def _own_row(result: GraftingResult) -> list[dict[str, str | None]]:
    """What this run replaced and what came of it; nothing of a run that grafted nothing."""
    grafted = result.grafted
    if grafted is None:
        return []
    last, ratio = grafted.states[-1], len(grafted.layers) / grafted.num_layers
    shares = {label: share for label, _, _, share in costs.changes(grafted.before, grafted.after)}

    def times_ratio(what: str) -> str:
        share = shares[f"{what} of the replaced operators"]
        return "" if share is None else _change(ratio * share)

    judged = last.judgement
    ours = " (ours)" if grafted.operator in OURS else ""
    return [{"operator": f"this run: {OPERATORS[grafted.operator]}{ours}", "replaced": per_cent(ratio),
             "mixing FLOPs": times_ratio("mixing FLOPs"), "feature FLOPs": times_ratio("feature FLOPs"),
             "parameters": times_ratio("parameters"), "source": f"{result.model_id}, {STATE_NAMES[last.name].lower()}",
             "held-out error here": None if last.held_out is None else f"{last.held_out:.4f}",
             "proxy-FD here": None if judged is None or judged.proxy_fd is None else f"{judged.proxy_fd:.1f} (n = {judged.number})"}]


def paper_self_grafts() -> pd.DataFrame:
    """The paper's Table 2: the same operators again."""
    return pd.DataFrame([{
        "what": row.what, "stage 2 data": row.data, "IS": f"{row.inception:.2f}", "FID": f"{row.fid:.2f}", "sFID": f"{row.sfid:.2f}",
        "precision": f"{row.precision:.2f}", "recall": f"{row.recall:.2f}"} for row in paper.SELF_GRAFTS])


def paper_patterns(found: Measured | None) -> pd.DataFrame:
    """The paper's Figure 4, which half of the layers for Hyena-X, and the same on the miniature where it was measured."""
    rows = []
    for name, fid in paper.PATTERNS.items():
        own = found.row(name_of("hyena-x", name), "stage 2") if found else None
        here = {"held-out error here": f"{own.held_out:.4f}"} if own else {}
        rows.append({"layers": name, "FID, the paper's": f"{fid:.2f}"} | here)
    return pd.DataFrame(rows).fillna("")


def paper_wide(result: GraftingResult) -> pd.DataFrame:
    """The paper's Table 6, the best first, under this run's row where it put blocks side by side."""
    rows = [{"model": row.what, "depth": f"{row.depth}", "FID": f"{row.fid:.2f}",
             "parameters": "" if row.million_parameters is None else f"{row.million_parameters} M"} for row in paper.WIDE]
    grafted = result.grafted
    if grafted and place(grafted.operator) == "block":
        last = grafted.states[-1]
        here = "" if last.held_out is None else f"{last.held_out:.4f}"
        rows.insert(0, {"model": f"this run: {result.model_id}, {STATE_NAMES[last.name].lower()}",
                        "depth": f"{grafted.num_layers - len(grafted.layers) // 2}", "FID": "",
                        "parameters": f"{grafted.after.parameters / 1e6:.2f} M", "held-out error here": here})
    return pd.DataFrame(rows).fillna("")


def measured_table(found: Measured) -> pd.DataFrame:
    """Every graft that was measured after both stages, the best first: by the first seed's error on held-out pictures."""
    rows = [row for row in found.rows if row.state in ("original", "stage 2") and row.seed == SEEDS[0] and not row.otherwise]
    return pd.DataFrame([_measured(found, row) for row in sorted(rows, key=lambda row: row.held_out)])


def _measured(found: Measured, row: Row) -> dict[str, str]:
    broken, alone = (found.row(row.graft, state) for state in ("swapped", "stage 1"))
    above = () if row.state == "original" else found.every_seed(row)
    return {
        "model": graft_name(row), "held-out error": f"{row.held_out:.4f}",
        "against the control, each seed": ", ".join(f"{signed(100 * share, 1)} %" for share in above) or "–",
        "after stage 1": f"{alone.held_out:.4f}" if alone else "", "not healed": f"{broken.held_out:.4f}" if broken else "",
        "stage 1 error": "" if row.stage_1_error is None else f"{row.stage_1_error:.3f}",
        "accuracy": "" if row.accuracy is None else per_cent(row.accuracy), "proxy-FD": _distance(row),
        "proxy-FD, not healed": _distance(broken)}


def ablations_table(found: Measured) -> pd.DataFrame:
    """Hyena-X in every other layer, and the same with one thing done otherwise: what each is worth, after either stage."""
    usual = [row for row in found.rows if row.graft == name_of("hyena-x", "interleaved") and row.seed == SEEDS[0]]
    other = [row for row in found.rows if row.otherwise]
    names = dict.fromkeys(row.otherwise for row in (*usual, *other) if row.state == "stage 2")
    graft = {row.otherwise: row.graft for row in (*usual, *other)}
    return pd.DataFrame([_ablation(found, name or "as the paper says", graft[name]) for name in names])


def _ablation(found: Measured, name: str, graft: str) -> dict[str, str]:
    alone, both = (found.row(graft, state) for state in ("stage 1", "stage 2"))
    return {
        "done": name, "stage 1 error": "" if alone is None or alone.stage_1_error is None else f"{alone.stage_1_error:.3f}",
        "held-out error after stage 1": f"{alone.held_out:.4f}" if alone else "", "proxy-FD after stage 1": _distance(alone),
        "after both stages": f"{both.held_out:.4f}" if both else "", "proxy-FD after both": _distance(both)}


def _distance(row: Row | None) -> str:
    return "" if row is None or row.proxy_fd is None else f"{row.proxy_fd:.1f}"


def graft_name(row: Row) -> str:
    """A measured model as people read it."""
    if row.graft == CONTROL:
        return "control: the original, tuned as long"
    if not row.operator or row.state == "original":
        return "original"
    ours = " (ours)" if row.operator in OURS else ""
    return f"{OPERATORS[row.operator]}{ours}, {row.pattern}"


def _number(value: float | None) -> str:
    return "✗" if value is None else f"{value:.2f}"


def _fid(value: float | None) -> str:
    return f"above {paper.COLLAPSED:g}" if value is None else f"{value:.2f}"


def _change(value: float | None) -> str:
    return "" if value is None else f"{signed(value, 2)} %"
