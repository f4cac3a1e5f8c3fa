"""The budget: who stays, who goes, who is refused, and with which numbers."""

import threading

import pytest
from torch import nn

from models.catalogue import Rung
from models.loading import Loaded
from models.memory import ModelBudget, budget
from worlds.errors import InputError
from worlds.given_up import give_up


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


class Loader:
    """Loads at once, but for the rungs that are held: those it loads when they are let."""

    def __init__(self, *held):
        self.entered, self.let = ({one.name: threading.Event() for one in held} for _ in range(2))
        self.loads = []

    def __call__(self, rung, quantisation, device):
        self.loads.append(rung.name)
        if rung.name in self.let:
            self.entered[rung.name].set()
            self.let[rung.name].wait()
        return Loaded(rung, quantisation, device, nn.Identity(), 1.0)


def in_a_thread(budget, one):
    """Borrow in a thread of its own; returns the thread and what became of it."""
    became = []

    def borrow():
        try:
            with budget.borrow(one, device="cpu"):
                became.append("lent")
        except InputError as error:
            became.append(str(error))

    thread = threading.Thread(target=borrow)
    thread.start()
    return thread, became


def a_hundred(loader):
    return ModelBudget(100, loader=loader, total_and_free_mb=lambda device: (1_000, 500))


def test_a_load_that_hangs_holds_no_other_model_and_nothing_that_is_loaded():
    loader = Loader(A)
    budget = a_hundred(loader)
    use(budget, B)
    thread, became = in_a_thread(budget, A)
    loader.entered["a"].wait()

    use(budget, B)
    use(budget, rung("b2", 10))

    assert names(budget.loaded()) == ["b", "b2"]
    loader.let["a"].set()
    thread.join()
    assert became == ["lent"]


def test_two_loads_at_once_do_not_take_the_same_room():
    loader = Loader(A)
    budget = a_hundred(loader)
    thread, became = in_a_thread(budget, A)
    loader.entered["a"].wait()

    with pytest.raises(InputError, match=r"70 MB; this machine has 60 MB free .*\(40 MB are set aside for one that is being"):
        use(budget, rung("large", 70))
    use(budget, rung("fits", 60))

    loader.let["a"].set()
    thread.join()
    assert became == ["lent"]
    assert loader.loads == ["a", "fits"]


def test_idle_models_make_room_beside_a_load_that_is_under_way():
    loader = Loader(A)
    budget = a_hundred(loader)
    use(budget, B)
    thread, _ = in_a_thread(budget, A)
    loader.entered["a"].wait()

    use(budget, C)

    assert names(budget.loaded()) == ["c"]
    loader.let["a"].set()
    thread.join()


def test_what_a_load_brings_after_it_was_given_up_is_dropped_and_its_memory_stays_set_aside_until_then():
    loader = Loader(A)
    budget = a_hundred(loader)
    thread, became = in_a_thread(budget, A)
    loader.entered["a"].wait()

    give_up(thread)
    with pytest.raises(InputError, match="40 MB are set aside"):
        use(budget, rung("large", 70))
    loader.let["a"].set()
    thread.join()

    assert became == ["This run was given up before it could use A. Run it again."]
    assert budget.loaded() == ()
    use(budget, rung("large", 70), A)
    assert loader.loads == ["a", "large", "a"]


def test_who_waits_for_a_load_that_is_given_up_is_told_at_once():
    loader = Loader(A)
    budget = a_hundred(loader)
    hung, _ = in_a_thread(budget, A)
    loader.entered["a"].wait()
    waiting, became = in_a_thread(budget, A)

    give_up(hung)
    waiting.join()

    says = "A is still being loaded by a run that did not react and was given up. Choose another model, or try again later."
    assert became == [says]
    with pytest.raises(InputError, match="still being loaded"):
        use(budget, A)
    loader.let["a"].set()
    hung.join()
    use(budget, A)


def test_a_thread_that_was_given_up_borrows_nothing_any_more():
    budget = a_hundred(Loader())
    use(budget, A)
    ready, go_on, became = threading.Event(), threading.Event(), []

    def late():
        ready.set()
        go_on.wait()
        with pytest.raises(InputError) as refusal:
            use(budget, A)
        became.append(str(refusal.value))

    thread = threading.Thread(target=late)
    thread.start()
    ready.wait()
    give_up(thread)
    go_on.set()
    thread.join()

    assert became == ["This run was given up before it could use A. Run it again."]
    assert budget.loaded()[0].users == 0


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
