"""What is done again and again in an episode, whether it works or not."""

import pytest

from backends.episode import Action, Turn
from backends.era.loops import Streak, streak


def turns(*names: str, state: dict | None = None) -> tuple[Turn, ...]:
    """A turn for each name; "" did nothing, "!shut" went wrong by itself."""
    return tuple(Turn(index=number, by="perturbation" if name.startswith("!") else "model", actions=(
        Action(name=name, ok=True, state=state),) if name else ()) for number, name in enumerate(names))


@pytest.mark.parametrize(("names", "found"), [
    (["go", "find", "find", "find", "open"], (("find",), 3, 2, 4)),
    (["find", "find", "open"], None),
    (["look", "take", "put", "take", "put", "take", "put"], (("take", "put"), 3, 2, 7)),
    (["a", "b", "c", "d"] * 3 + ["a"], (("a", "b", "c", "d"), 3, 1, 13)),
    (["a", "b", "c", "d", "e"] * 3, None),
    (["a", "a", "a", "b", "c", "b", "c", "b", "c"], (("b", "c"), 3, 4, 9)),
    (["find", "find", "!shut", "find", "find"], None), (["find", "find", "", "find"], None), (["", "", "", ""], None), ([], None)],
    ids=["one", "twice is a try", "to and fro", "four", "five are no round", "the longest", "broken by a disturbance",
         "broken by a reply without an action", "nothing done", "no turn"])
def test_what_comes_three_times_over_is_a_streak(names, found):
    told = streak(turns(*names))

    assert told == (found and Streak(*found, is_idle=False))


def test_a_streak_that_changes_nothing_says_so():
    assert streak(turns("find a Apple", "find a Apple", "find a Apple", state={"at": "Microwave"})).said == (
        "'find a Apple' came 3 times in a row (steps 1 to 3), and nothing changed after the first time.")
    assert streak(turns("a", "b", "a", "b", "a", "b")).said == "'a', 'b' came 3 times over (steps 1 to 6)."
