"""The budget: who stays, who goes, who is refused, and with which numbers."""

import threading

import pytest
from torch import nn

from models.catalogue import Rung
from models.loading import Loaded
from models.memory import ModelBudget, budget
from worlds.errors import InputError


def rung(name, memory_mb):
    parameters = round(memory_mb * 1e6 / 4 / 1.2)
    return Rung(name, "detector", name.title(), name, "zero-shot-detector", "X", "mit", parameters)


A, B, C, BIG = rung("a", 40), rung("b", 40), rung("c", 40), rung("big", 200)


@pytest.fixture
def loads():
    return []


@pytest.fixture
def hundred(loads):
    def loader(rung, quantisation, device):
        loads.append(rung.name)
        return Loaded(rung, quantisation, device, nn.Identity(), 1.0)

    return ModelBudget(100, loader=loader, total_and_free_mb=lambda device: (1_000, 500))


def names(holdings):
    return [holding.name for holding in holdings]


def use(budget, *rungs):
    for one in rungs:
        with budget.borrow(one, device="cpu"):
            pass


def test_a_model_is_loaded_once_and_kept(hundred, loads):
    use(hundred, A, A, A)

    assert loads == ["a"]
    assert names(hundred.loaded()) == ["a"]
    assert hundred.loaded()[0].memory_mb == 40


def test_the_least_recently_used_leaves_first(hundred, loads):
    use(hundred, A, B, A, C)

    assert names(hundred.loaded()) == ["a", "c"]
    assert loads == ["a", "b", "c"]


def test_nobody_leaves_while_there_is_room(hundred):
    use(hundred, A, B)

    assert names(hundred.loaded()) == ["a", "b"]


def test_a_model_in_use_stays_even_when_it_is_the_oldest(hundred):
    with hundred.borrow(A, device="cpu"):
        use(hundred, B, C)
        assert names(hundred.loaded()) == ["a", "c"]
        assert hundred.loaded()[0].users == 1

    assert hundred.loaded()[0].users == 0


def test_what_does_not_fit_beside_models_in_use_is_refused_with_numbers(hundred, loads):
    with (
        hundred.borrow(A, device="cpu"),
        hundred.borrow(B, device="cpu"),
        pytest.raises(InputError, match=r"C needs about 40 MB; this machine has 20 MB free .* of 1,000 MB \(80 MB are in use"),
        hundred.borrow(C, device="cpu"),
    ):
        pass

    assert loads == ["a", "b"]
    use(hundred, C)


def test_a_model_larger_than_the_limit_is_refused_and_pushes_nobody_out(hundred):
    use(hundred, A)

    with (
        pytest.raises(InputError, match=r"Big needs about 200 MB; this machine has 100 MB free.*Choose int8"),
        hundred.borrow(BIG, device="cpu"),
    ):
        pass

    assert names(hundred.loaded()) == ["a"]


def test_a_model_of_exactly_the_limit_fits_and_one_above_does_not(hundred):
    use(hundred, rung("exact", 100))

    with pytest.raises(InputError), hundred.borrow(rung("above", 101), device="cpu"):
        pass


def test_memory_that_others_took_counts_too(loads):
    full = ModelBudget(100, loader=lambda *_: loads.append("x"), total_and_free_mb=lambda device: (1_000, 30))

    with pytest.raises(InputError, match="30 MB free"), full.borrow(A, device="cpu"):
        pass

    assert loads == []


def test_quantised_and_plain_are_two_models(hundred, loads):
    with hundred.borrow(A, "none", "cpu"), hundred.borrow(A, "nf4", "cpu"):
        assert len(hundred.loaded()) == 2


def test_a_load_that_fails_leaves_the_budget_as_it_was(hundred, loads):
    def fails(*_):
        raise InputError("The file is broken. Fetch it again.")

    broken = ModelBudget(100, loader=fails, total_and_free_mb=lambda device: (1_000, 500))

    for _ in range(2):
        with pytest.raises(InputError, match="broken"), broken.borrow(A, device="cpu"):
            pass
    assert broken.loaded() == ()


def test_an_error_while_borrowed_gives_the_model_back(hundred):
    with pytest.raises(ZeroDivisionError), hundred.borrow(A, device="cpu"):
        _ = 1 / 0

    assert hundred.loaded()[0].users == 0


def test_clear_lets_go_of_all_but_what_is_in_use(hundred):
    use(hundred, A)
    with hundred.borrow(B, device="cpu"):
        assert hundred.clear() == 1
        assert names(hundred.loaded()) == ["b"]

    assert hundred.clear() == 1
    assert hundred.loaded() == ()


def test_many_threads_that_ask_at_once_load_once(hundred, loads):
    start = threading.Barrier(8)

    def ask():
        start.wait()
        for one in (A, B):
            with hundred.borrow(one, device="cpu"):
                pass

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(loads) == ["a", "b"]
    assert [holding.users for holding in hundred.loaded()] == [0, 0]


def test_the_limit_comes_from_the_environment_or_the_machine(monkeypatch):
    monkeypatch.setenv("ORRERY_MODEL_MEMORY_MB", "1234")

    assert ModelBudget().limit_mb("cpu") == 1234
    assert ModelBudget(77).limit_mb("cpu") == 77
    assert budget() is budget()


def test_a_real_model_is_lent_and_measured(tiny):
    real = ModelBudget(1_000)
    one = tiny("owlvit").rung

    with real.borrow(one, "nf4", "cpu") as loaded:
        assert loaded.tool.name == one.name
        assert loaded.footprint_mb > 0
