"""How an episode went turn by turn: rewards by term, the return, progress, values and advantages, and what memory costs."""

from itertools import accumulate

import plotly.graph_objects as go

from backends.episode import Episode, Turn
from backends.era.context import Policy, history
from visualizers.alt import described
from visualizers.era.verbs import FAILED_COLOUR
from visualizers.text import said
from visualizers.theme import SCORE_COLOUR, TRUTH_COLOUR, VISITED_COLOUR, titled

TERMS = {"success": TRUTH_COLOUR, "subgoal": "#0072B2", "behaviour": FAILED_COLOUR}
PRAISED_COLOUR = "#E69F00"  # behaviour that is only paid for, as the table top does for words that are right
VALUE_COLOUR, ADVANTAGE_COLOUR = "#8C6BB1", "#E69F00"
MEMORY: dict[Policy, str] = {"full": SCORE_COLOUR, "summary": TRUTH_COLOUR, "evaluation": "#66C2A5", "last 5": "#0072B2",
                             "last action": VISITED_COLOUR}


def terms_of(turn: Turn) -> dict[str, float]:
    """The rewards of a turn and of its actions together, by the name of the term."""
    found: dict[str, float] = dict(turn.rewards)
    for action in turn.actions:
        for name, value in action.rewards.items():
            found[name] = found.get(name, 0.0) + value
    return found


def rewards(episode: Episode) -> go.Figure:
    """Bars per turn, a colour per term, and the return so far as a line."""
    told = [terms_of(turn) for turn in episode.turns]
    names = list(dict.fromkeys(name for terms in told for name in terms))
    numbers = [turn.index + 1 for turn in episode.turns]
    figure = go.Figure()
    for name in names:
        paid = [terms.get(name, 0.0) for terms in told]
        is_praise = name == "behaviour" and max(paid) > 0 <= min(paid)
        figure.add_bar(x=numbers, y=paid, name=said(name),
                       marker={"color": PRAISED_COLOUR if is_praise else TERMS.get(name, VISITED_COLOUR)},
                       hovertemplate=f"turn %{{x}}, {said(name)}: %{{y:+.2f}}<extra></extra>")
    returns = list(accumulate(turn.reward for turn in episode.turns))
    figure.add_scatter(x=numbers, y=returns, name="return so far", line={"color": SCORE_COLOUR},
                       hovertemplate="turn %{x}, return %{y:+.2f}<extra></extra>")
    figure.update_layout(title=titled("Rewards", "per turn and term; the line: their sum so far"), barmode="relative",
                         xaxis={"title": "turn", "dtick": max(1, len(numbers) // 10)}, yaxis={"title": "reward", "zeroline": True})
    end = f"The return is {returns[-1]:+.2f} after {len(numbers)} turns." if returns else "No turn yet."
    return described(figure, end)


def values(episode: Episode) -> go.Figure | None:
    """What the critic expected of each turn, and how much better it went; None where neither is known."""
    known = [turn for turn in episode.turns if turn.value is not None or turn.advantage is not None]
    if not known:
        return None
    numbers = [turn.index + 1 for turn in known]
    figure = go.Figure(go.Bar(x=numbers, y=[turn.advantage for turn in known], name="advantage", marker={"color": ADVANTAGE_COLOUR},
                              hovertemplate="turn %{x}, advantage %{y:+.3f}<extra></extra>"))
    figure.add_scatter(x=numbers, y=[turn.value for turn in known], name="value", line={"color": VALUE_COLOUR},
                       hovertemplate="turn %{x}, value %{y:.3f}<extra></extra>")
    figure.update_layout(title=titled("Value and advantage", "what was expected, and how much better it went"),
                         xaxis={"title": "turn", "dtick": max(1, len(numbers) // 10)}, yaxis={"zeroline": True})
    told = ", ".join(f"turn {turn.index + 1} {turn.advantage:+.2f}" for turn in known[:12] if turn.advantage is not None)
    return described(figure, f"Advantages: {told or 'none are known'}.")


def words_given(episode: Episode, policy: Policy) -> list[int]:
    """How many words of history a policy gives at each turn."""
    return [len(history(episode.turns[:number], policy).split()) for number in range(len(episode.turns))]


def memory(episode: Episode) -> go.Figure:
    """How long the history is at each turn under each policy: full grows, a summary does not."""
    numbers = [turn.index + 1 for turn in episode.turns]
    figure = go.Figure()
    ends = []
    for policy, colour in MEMORY.items():
        given = words_given(episode, policy)
        figure.add_scatter(x=numbers, y=given, name=policy, line={"color": colour},
                           hovertemplate=f"turn %{{x}}, {policy}: %{{y}} words<extra></extra>")
        ends += [f"{policy} {given[-1]}"] if given else []
    figure.update_layout(title=titled("What remembering costs", "words of history in the prompt of each turn"),
                         xaxis={"title": "turn", "dtick": max(1, len(numbers) // 10)},
                         yaxis={"title": "words", "rangemode": "tozero"})
    return described(figure, f"Words of history at the last turn: {', '.join(ends) or 'no turn yet'}.")
