"""The orrery outside the pages is the one that the code draws: `python docs/mark.py` makes it anew."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def made() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mark", DOCS / "mark.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_drawing_is_stale(made):
    stale = [name for name, svg in made.drawings().items() if (DOCS / name).read_text(encoding="utf-8") != svg]

    assert stale == [], "run: python docs/mark.py"


def test_the_icon_was_painted_from_the_mark(made):
    with Image.open(DOCS / "icon.png") as icon:
        said, size = icon.text["drawing"], icon.size

    assert said == made.hash_of(made.drawings()["icon.svg"]), "run: python docs/mark.py"
    assert size == (256, 256)


def test_the_readme_begins_with_the_drawing():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")

    assert "(docs/orrery.svg)" in readme.split("```")[0]
