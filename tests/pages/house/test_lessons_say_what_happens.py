"""What the lessons explain is what their steps show here: each is run, and its numbers are looked up in the explanation.

The twenty searches of T*'s last step take longer than all the others together; its numbers were read off once.
"""

from collections.abc import Callable
from math import exp

import pytest

from backends.registry import system
from backends.run import Inputs, Result, last
from pages.house.lesson_text import lesson_of, settings_of


def searched(result: Result) -> list[str]:
    second = next((frame.second for frame in result.keyframes if frame.is_confirmed), None)
    frames = sum(len(step.positions) for step in result.iterations)
    return [f"{frames} frames"] + ([f"{second // 60}:{second % 60:02}"] if second is not None else [])


def misled(result: Result) -> list[str]:
    assert result.summary()["methods"][0]["recall"] == 0
    return ["recall is 0", result.answer.text]


def answered(result: Result) -> list[str]:
    asked = result.asked[0]
    words = dict.fromkeys(f"*{written.text}*" for written in asked.written)
    greedy = next(written for written in asked.written if written.method == "greedy")
    shares = {entry.piece.strip(): exp(entry.score) for entry in greedy.tokens[0].by_score}
    return [*words, *(f"{100 * shares[word]:.0f} %" for word in (asked.popular, asked.right))]


def told_the_word(result: Result) -> list[str]:
    return ["*" + next(written.text for written in result.asked[0].written if written.method == "coda") + "*"]


def of_the_law(result: Result) -> list[str]:
    groups = {epoch.epoch: epoch.law.groups for epoch in result.law.epochs}
    return [f"{epoch} epochs" for epoch in (6, 16, 24)] + [
        f"{100 * groups[epoch][end].hr:.0f} %" for epoch in (6, 16, 24) for end in (0, -1)]


def recovered(result: Result) -> list[str]:
    means = {row.decoder: row.exact_match for row in result.recovery.rows}
    greedy = means["Greedy"]
    return [f"{100 * means[name].mean:.0f} %" for name in (
        "CoDA + floor + gate, word told", "CoDA + floor + gate, found by lift", "CoDA's formula, word told")] + [
        f"{100 * greedy.low:.0f} to {100 * greedy.high:.0f} %"]


def looked(result: Result) -> list[str]:
    branch = result.looked.branch
    found = next(at for at in result.looked.at if at.alpha == branch.alpha)
    return [f"*{branch.answer}*", f"{100 * max(found.probabilities):.1f} %"]


def along_alpha(result: Result) -> list[str]:
    place = list(result.looked.options).index("on")
    on = {at.alpha: 100 * at.probabilities[place] for at in result.looked.at}
    return [f"{on[0.4]:.0f} % at 0.4", f"{on[0.5]:.0f} % at 0.5", f"{on[0.6]:.0f} % at 0.6", f"{on[0.0]:.1f} %"]


def counted(result: Result) -> list[str]:
    own, constants = ({score.method: score for score in result.evaluated.scores}[name] for name in ("adaptvis", "bias"))
    gain, low, high = (100 * share for share in own.gain)
    return [f"mends {own.mended} and breaks {own.broken}", f"{gain:.1f} point", f"{low:.1f} to", f"{high:+.1f}".lstrip("+"),
            f"{100 * constants.gain[0]:.1f} points"]


def states(result: Result) -> list[str]:
    return [f"{state.held_out:.3f}" for state in result.grafted.states[-2:]]


def healed(result: Result) -> list[str]:
    errors = {one.layer: one.errors[-1] for one in result.grafted.healed}
    worst = max(errors, key=errors.get)
    return [*states(result), f"{min(errors.values()):.2f} to {errors[worst]:.2f}", f"layer {worst} is the hardest"]


def near(result: Result) -> list[str]:
    shares, heads = result.locality.shares, result.locality.head_shares
    spread = (heads.max(1) - heads.min(1)).argmax()
    return [f"Layer {shares.argmax()} keeps {100 * shares.max():.0f} %", f"layer {shares.argmin()} only {100 * shares.min():.0f} %",
            f"in layer {spread} from {100 * heads[spread].min():.0f} to {100 * heads[spread].max():.0f} %"]


def acted(result: Result) -> list[str]:
    """How many steps it took, and what the first subgoal changed in the reflection."""
    turns = result.episode.turns
    first = next(turn.index for turn in turns if turn.reward > 0)
    return [f"*{turns[first].sections['reasoning_and_reflection']}*", f"done at step {len(turns)}"]


def remembered(result: Result) -> list[str]:
    from visualizers.era.curves import words_given

    return [f"{words_given(result.episode, policy)[-1]} words" for policy in ("full", "summary")]


def steps_taken(result: Result) -> list[str]:
    return [f"{len(result.episode.turns)} steps"]


def paid(result: Result) -> list[str]:
    return [*steps_taken(result), f"{result.episode.total_reward:+g} instead of"]


def gone_across(result: Result) -> list[str]:
    """Only the last turn is paid."""
    episode = result.played.episode
    assert episode.success and [turn.reward for turn in episode.turns] == [0.0] * (len(episode.turns) - 1) + [1.0]
    return [f"{len(episode.turns)} turns in all"]


def in_ten(share: float) -> str:
    """A share in coarse words: what a training does in detail differs from processor to processor."""
    return "more than nine in ten" if share > 0.9 else "fewer than one in ten" if share < 0.1 else f"{int(10 * share)} in ten"


def learned(result: Result) -> list[str]:
    """How often the better arm was pulled at first and in the end; and that thoughts are still many."""
    metrics = result.training.metrics
    assert metrics[-1].top < 0.1
    return [in_ten(one.success) for one in (metrics[0], metrics[-1])]


def misled_by_a_coin(result: Result) -> list[str]:
    metrics = result.training.metrics
    assert metrics[-1].std < metrics[0].std
    return [in_ten(metrics[-1].success)]


def kept_the_divided(result: Result) -> list[str]:
    assert {one.kept for one in result.training.metrics} == {2}
    return [in_ten(result.training.metrics[-1].success), f"There are {result.training.steps} steps now"]


def too_lucky(result: Result) -> list[str]:
    pushed = result.why.pushed
    return [f"{pushed.everything.mean:+.2f}", f"{pushed.filtered.mean:+.2f}", f"{100 * pushed.lucky:.0f} %"]


def said_of_a_room(result: Result) -> list[str]:
    """The answers, each as it stands in the explanation."""
    return list(dict.fromkeys(f"*{reply.answer}*" for reply in result.asked.replies))


def mapped_in_vain(result: Result) -> list[str]:
    drawn, thought = (next(reply for reply in result.asked.replies if reply.configuration == name)
                      for name in ("Plain-CGMap-Out", "FFR"))
    assert drawn.exact.is_isomorphic and drawn.exact.facing == 1 and not drawn.is_right and thought.is_right
    return [f"*{drawn.answer}*", f"*{thought.answer}*", f'"{thought.thought}"']


def followed_its_map(result: Result) -> list[str]:
    (reply,) = result.asked.replies
    assert reply.given is not None and not reply.is_right
    return [f"*{reply.answer}*"]


def counted_by_way(result: Result) -> list[str]:
    raw, drawn, thought, both = result.reports
    maps = drawn.maps
    first, second, third, fourth = (in_ten(report.parts[0].official[0]) for report in (raw, drawn, thought, both))
    assert third == fourth
    share = in_ten(maps.exactly_isomorphic / maps.count)
    return [f"at once is correct in {first}", f"drawing first in {second}", f"{share} of its maps",
            f"Reasoning first is correct in {third}"]


def poured(result: Result) -> list[str]:
    merged = result.merged
    assert merged.curve[0].skills == merged.behind
    return [f"reads {percent(merged.child.sees)}", f"does {percent(merged.child.unseen)}", f"does {percent(merged.vlm.unseen)}",
            f"does {percent(merged.behind.unseen)} as well", f"reads {percent(merged.behind.sees)} only"]


def hardly_changed(result: Result) -> list[str]:
    return [f"{percent(result.merged.child.unseen)} of the new sums", f"alone does {percent(result.merged.vlm.unseen)}"]


def added_in_full(result: Result) -> list[str]:
    assert max(abs(row.cosine) for row in result.merged.apart if row.part != "norm") < 0.15
    return [f"{percent(result.merged.child.sees)} of what there is to see", f"{percent(result.merged.child.unseen)} of the new sums"]


def flattened(result: Result) -> list[str]:
    left = {(one.of, one.layer): one.skills for one in result.looking.probes if one.part == "attention"}
    return [f"{percent(left['vlm', 0].sees)} of what there is to see before the merge", f"{percent(left['child', 0].sees)} after",
            f"keeps {percent(left['child', 3].sees)} of its sight and {percent(left['child', 3].unseen)} of the new sums"]


def dropped(result: Result) -> list[str]:
    again = last(system("merging").run(result.settings.model_copy(update={"rescale": "density"}), Inputs()))
    return [f"{percent(result.merged.child.unseen)} of the new sums", f"brings back {percent(again.merged.child.unseen)}"]


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


SHOWN: dict[tuple[str, int], Callable[[Result], list[str]]] = {
    ("tstar", 1): searched, ("tstar", 2): searched, ("tstar", 3): searched, ("tstar", 4): misled,
    ("coda", 1): answered, ("coda", 2): answered, ("coda", 3): told_the_word, ("coda", 4): of_the_law, ("coda", 5): recovered,
    ("adaptvis", 1): looked, ("adaptvis", 2): along_alpha, ("adaptvis", 3): looked,
    ("adaptvis", 4): counted, ("adaptvis", 5): counted,
    ("era", 1): acted, ("era", 2): remembered, ("era", 3): steps_taken, ("era", 4): paid, ("era", 5): steps_taken,
    ("ragen", 1): gone_across, ("ragen", 2): learned, ("ragen", 3): misled_by_a_coin, ("ragen", 4): kept_the_divided,
    ("ragen", 5): too_lucky,
    ("mindcube", 1): said_of_a_room, ("mindcube", 2): mapped_in_vain, ("mindcube", 3): followed_its_map,
    ("mindcube", 4): counted_by_way,
    ("merging", 1): poured, ("merging", 2): hardly_changed, ("merging", 3): added_in_full, ("merging", 4): flattened,
    ("merging", 5): dropped,
    ("grafting", 1): states, ("grafting", 2): healed, ("grafting", 3): near,
}


@pytest.mark.parametrize(("name", "number"), SHOWN, ids=[f"{name} {number}" for name, number in SHOWN])
def test_a_step_shows_what_its_explanation_says(name, number):
    step = lesson_of(name).steps[number - 1]

    result = last(system(name).run(settings_of(system(name), step), Inputs()))

    explained = " ".join(step.explain.split())
    assert [said for said in SHOWN[name, number](result) if said not in explained] == []
