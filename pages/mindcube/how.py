"""How MindCube works: the grid, the turn, the two similarities and the reward; with this run's numbers in the formulas."""

import streamlit as st

from backends.mindcube.results import Asked, MindCubeResult, Replied, Report
from backends.mindcube.reward import ANSWER_PAY, FORMAT_PAY
from backends.mindcube.rules import DIRECTIONS
from backends.mindcube.similarity import NEAR, WEIGHT_DIRECTION, WEIGHT_FACING
from pages.house import view
from pages.house.text import plain
from pages.mindcube.reports import speaking
from visualizers.mindcube.methods import way_name


def how_it_works(task: str, result: MindCubeResult) -> None:
    """The formulas of what is shown."""
    asked = result.asked
    st.markdown("1. A model sees a room from a few places and is asked what no single view shows: what is behind me, what would be "
                "on my left after a turn, what does that thing see.\n"
                "2. It may first write a *cognitive map*: names on a grid of 10 by 10 as seen from above, *x* to the right and *y* "
                "down, each with the direction it faces, if it has a front.\n"
                "3. It may then reason over that map. What stands in front, right, behind and left of somebody is a ring, and a turn "
                "moves the ring on:")
    view.formula(r"\text{left: } (f, r, b, l) \to (l, f, r, b) \qquad \text{right: } (f, r, b, l) \to (r, b, l, f) \qquad "
                 r"\text{around: } (f, r, b, l) \to (b, l, f, r)")
    if asked is not None and (told := _ring(asked)):
        st.markdown(told)
    st.markdown("4. How like the true map is the one it wrote? For every ordered pair of things the direction from one to the other "
                f"is compared: left or right where they are further apart in *x*, else up or down; closer than {NEAR:g} there is "
                "none. Facings are compared one by one, and the best turn of the written map counts:")
    view.formula(rf"S_\text{{overall}} = {WEIGHT_DIRECTION:g}\, S_\text{{dir}} + {WEIGHT_FACING:g}\, S_\text{{face}}"
                 rf"{_numbers(result)}")
    st.markdown("It is *isomorphic* where every direction is right under that turn. The official metric decides a diagonal by "
                "rounding; the exact one takes it for what it is.")
    if task in ("evaluate", "file") and result.reports:
        st.markdown(_three(result.reports[speaking(result)]))
    st.markdown("5. Reinforcement pays for the form and for the letter. No part of it pays for a good map:")
    view.formula(rf"r = {FORMAT_PAY:g}\cdot[\text{{form}}] + {ANSWER_PAY:g}\cdot[\text{{form and letter right}}] \in \{{0, 1, 6\}} "
                 r"\qquad A_i = \frac{r_i - \bar r}{\sigma_r + \epsilon}")


def _ring(asked: Asked) -> str:
    """The rings of this question's chain, before and after its turn."""
    rings = [step for step in asked.steps if step.kind in ("stand", "turn") and any(step.ring)]
    if not rings:
        return ""
    named = [", ".join(f"{direction} {plain(name) or 'nothing'}" for direction, name in zip(DIRECTIONS, step.ring)) for step in rings]
    then = f" After the turn: {named[-1]}." if len(named) > 1 else ""
    return f"Here one stands with {named[0]}.{then}"


def _shown(result: MindCubeResult) -> Replied | None:
    """The reply whose map is looked at, or the last that wrote one."""
    if result.asked is None:
        return None
    drawn = [reply for reply in result.asked.replies if reply.official is not None]
    now = st.session_state.get("mindcube.reply")
    return next((reply for reply in drawn if reply.configuration == now), drawn[-1] if drawn else None)


def _numbers(result: MindCubeResult) -> str:
    """This run's own map, in the formula."""
    reply = _shown(result)
    if reply is None or reply.official is None:
        return ""
    score = reply.official
    return (rf"\qquad {score.overall:.2f} = {WEIGHT_DIRECTION:g}\cdot {score.direction:.2f} "
            rf"+ {WEIGHT_FACING:g}\cdot {score.facing:.2f}\ \ (\text{{{_tex(way_name(reply.configuration))}}})")


def _tex(text: str) -> str:
    """Words inside a formula; a name that a file brought may hold anything."""
    return "".join(letter for letter in text if letter.isalnum() or letter in " ,-")[:40]


def _three(report: Report) -> str:
    """The three numbers of a report, counted out."""
    part = next((one for one in report.parts if one.kind == "overall"), None)
    if part is None or not part.count:
        return ""
    tagged = f" Of the {part.num_tagged:,} with an answer tag, {part.tagged[0]:.1%} are correct." if part.tagged else ""
    untagged = "" if part.untagged is None else f" {part.untagged:.1%} have no answer tag."
    return (f"Here: {part.correct:,} of {part.count:,} letters are correct by the official rule, {part.official[0]:.1%}."
            f"{tagged}{untagged}")
