"""What an opened address says of the view."""

import pytest

from pages.house import address

DECODERS = ("coda", "greedy")


@pytest.fixture
def state(monkeypatch) -> dict[str, object]:
    state: dict[str, object] = {"coda.address.view": {"decoder": "greedy"}}
    monkeypatch.setattr(address.st, "session_state", state)
    return state


def shown(result: object, decoders: tuple[str, ...] = DECODERS) -> str:
    return address.view("coda", "decoder", decoders, "coda", of=result)


def test_a_link_turns_the_view_of_the_first_result_alone(state):
    assert state[shown("first")] == "greedy"
    assert state[shown("second")] == "coda"


@pytest.mark.parametrize("decoders", [DECODERS, ("coda",)], ids=["has it too", "lacks it"])
def test_the_picture_of_another_run_takes_nothing_of_a_link_whose_own_run_is_coming(state, decoders):
    with address.waits_for_the_next("coda"):
        shown("before", decoders)

    assert state[shown("its own")] == "greedy"
    assert not state["coda.link.untaken"]


def test_it_waits_also_where_drawing_was_broken_off(state):
    with pytest.raises(ZeroDivisionError), address.waits_for_the_next("coda"):
        shown("before")
        raise ZeroDivisionError

    assert state[shown("its own")] == "greedy"
