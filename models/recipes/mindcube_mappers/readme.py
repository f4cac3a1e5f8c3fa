"""Lists and tables of the mappers' README.md: shares in per cent, a dash where nothing of the kind is said."""

from collections.abc import Iterable, Sequence

from models.mappers.ways import WAYS
from models.recipes.mindcube_mappers.making import FURTHER
from models.recipes.mindcube_mappers.scores import Interval, Row, Seed, over_seeds


def training(seeds: Sequence[Seed]) -> list[str]:
    """How they were made; the first seed's are shipped."""
    shipped, plan = seeds[0], seeds[0].plan
    parts = ", ".join(f"{part} {minutes:.1f}" for part, minutes in shipped.all_minutes.items())
    numbers, sums = _listed(str(seed.plan.seed) for seed in seeds), _listed(f"{sum(seed.all_minutes.values()):.0f}" for seed in seeds)
    return [
        f"- **Seeds** {numbers}, in {sums} CPU minutes on one thread; the weights are seed {plan.seed}'s ({parts})",
        f"- **Data**: {plan.scenes:,} scenes with {plan.questions} questions each; validation and test are about scenes whose",
        "  combinations of things are in no training scene",
        f"- **Training**: the eye, {plan.updates:,} updates; a base that tells what each image shows, {plan.looking.steps:,} steps;",
        f"  and from it each configuration, {plan.lesson.steps:,} steps of {plan.lesson.batch} questions, the same in the same order",
        f"- **The eye** reads {100 * shipped.eye['all']:.1f} % of new pictures without an error",
        f"- **Not shipped**: {_listed(f'`{key}`' for key in FURTHER)}, which the recipe makes when they are first asked for"]


def measured(seeds: Sequence[Seed]) -> list[str]:
    """What they score: all seeds together, each, by template and meanwhile."""
    scores, shipped, number = [one for seed in seeds for one in seed.scores], seeds[0].scores, seeds[0].plan.seed
    families = [row.of for row in shipped[0].rows]
    means = [[f"`{way}` {WAYS[way].title}", row.of, f"{row.questions:,}", _interval(row.right), _cent(row.guessed), *_said(row)]
             for way, rows in over_seeds(scores).items() for row in rows]
    each = [[one.seed, f"`{one.way}`", *(_interval(row.right) for row in one.rows), *_said(one.rows[-1])] for one in scores]
    templates = [[f"`{rows[0].of}`", rows[0].questions, _cent(rows[0].guessed), *(_cent(row.right[0]) for row in rows)]
                 for rows in zip(*(one.templates for one in shipped), strict=True)]
    steps = [[states[0].step, *(" / ".join(map(_cent, (state.scores.answers, state.scores.maps, state.scores.thoughts)))
                                for state in states)] for states in zip(*(one.states for one in shipped), strict=True)]
    believed = [[one.seed, f"`{one.way}`", belief.change, belief.questions, _cent(belief.map), _cent(belief.views)]
                for one in scores for belief in one.beliefs]
    keys = [f"`{one.way}`" for one in shipped]
    return [
        "## All seeds together", "",
        "Per cent of held-out questions that are answered right, greedy, with the 95 % interval (seeds and scenes drawn anew).",
        "*Guessed* is what a choice among the options gets, which the mappers are not shown; a *map* is right with every thing and",
        "face in its place, *places* are those of the true map that are right; a *thought* is right in every word.", "",
        *_table(["configuration", "setting", "questions", "right", "guessed", "maps", "places", "thoughts"], means), "",
        "## Each seed", "", "Intervals over questions (Wilson's); maps, places and thoughts of all settings.", "",
        *_table(["seed", "configuration", *families, "maps", "places", "thoughts"], each), "",
        f"## By template, seed {number}", "", *_table(["template", "questions", "guessed", *keys], templates), "",
        "## Where the map and the views differ", "",
        "A map is changed by hand, in the prompt or in the mapper's mouth: *places* are mirrored, or the centre *faces* another way.",
        "Per cent of answers that are what the changed map says, and what the views say.", "",
        *_table(["seed", "configuration", "changed", "questions", "as the map", "as the views"], believed), "",
        f"## While they learned, seed {number}", "", "Right answers / maps / thoughts of the validation.", "",
        *_table(["step", *keys], steps)]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    return [f"| {' | '.join(map(str, cells))} |" for cells in (head, ["---"] * len(head), *rows)]


def _said(row: Row) -> list[str]:
    return [_cent(row.maps), _cent(row.places), _cent(row.thoughts)]


def _interval(share: Interval) -> str:
    mean, low, high = (100 * end for end in share)
    return f"{mean:.1f} [{low:.1f}, {high:.1f}]"


def _cent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _listed(texts: Iterable[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last
