"""Sixty changed copies of every recorded run: each opens and is drawn, or is refused in one sentence. The bench tries 500."""

from collections import Counter
from pathlib import Path

import pytest

from backends.registry import System
from benchmarks.house.mutations import mutations
from benchmarks.house.saved import Page, outcome, recorded

COUNT = 60
ON_THE_PAGE = 12  # of so many that open, one is shown in its page: a page takes half a second
PAGES: dict[str, Page] = {}


def page_of(system: System) -> Page:
    if system.name not in PAGES:
        PAGES[system.name] = Page(system)
    return PAGES[system.name]


# further recordings of a task are of the kind that it opens with
KINDS = [(system, path) for system, path in recorded() if path == system.recorded or path.stem not in system.recordings]


@pytest.mark.parametrize(("system", "path"), KINDS, ids=lambda value: getattr(value, "name", "").removesuffix(".orrery"))
def test_a_changed_copy_opens_and_is_drawn_or_is_one_sentence(system: System, path: Path) -> None:
    found: Counter[str] = Counter()
    for number, (name, content) in enumerate(mutations(path.read_bytes(), COUNT, seed=0)):
        try:
            said = outcome(system, content, page_of(system) if number % ON_THE_PAGE == 0 else None)
        except Exception as error:
            raise AssertionError(f"{name}: {error!r}") from error
        found["opened" if said == "opened" else "refused"] += 1

    assert min(found["opened"], found["refused"]) > COUNT // 6, found  # a mutator that tears everything would prove nothing


def test_a_file_that_is_refused_is_one_sentence_on_the_page() -> None:
    system, path = next(iter(recorded()))

    assert page_of(system).bring(path.read_bytes()[:-40]).startswith("The saved run cannot be read.")
