"""The house has floors, and imports only point down. This reads every import in the tree, also those inside functions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends import registry

ROOT = Path(__file__).resolve().parent.parent
SYSTEMS = set(registry.names())
SYSTEM_FLOORS = ("backends", "visualizers", "pages")  # each has a folder per system
KNOWS_NO_SYSTEM = ("backends/run.py", "backends/knobs.py", "backends/made.py", "backends/rungs.py", "backends/sessions.py",
                   "backends/shapes.py", "backends/statistics.py", "backends/engine/", "backends/files/", "pages/house/",
                   "visualizers/theme.py", "visualizers/ladder.py", "visualizers/contract.py", "fronts/")
RUNS = ("backends.engine", "backends.sessions")  # what figures have no business with
FLOORS = {"worlds": 0, "models": 1, "backends": 2, "visualizers": 3, "pages": 4, "fronts": 5, "app": 5, "server": 5, "gradio_app": 5,
          "benchmarks": 6, "tests": 6}
DOORS = ("app.py", "server.py", "gradio_app.py")
DRAWS_PAGES = {"streamlit", "gradio"}  # for doors and pages only
COMPUTES = {"torch", "transformers"}  # for models and above only
DRAWS_FIGURES = {"plotly", "matplotlib"}  # for visualizers and above only


def imports(source: str, where: str) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, relative ones and `importlib.import_module` with a constant beginning included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = where.removesuffix(".py").split("/")[:-node.level] if node.level else []
            yield from ((node.lineno, ".".join(filter(None, (*above, node.module, alias.name)))) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and _called(node) in ("import_module", "__import__"):
            name = node.args[0]
            if isinstance(name, ast.JoinedStr) and name.values:
                name = name.values[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node.lineno, name.value


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _system(name: str) -> str:
    """The system in whose folder a module lies, if it is one's."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[0] in SYSTEM_FLOORS and parts[1] in SYSTEMS else ""


def findings(floor: str, source: str, where: str) -> list[str]:
    found, own = [], _system(where.removesuffix(".py").replace("/", "."))
    for line, name in imports(source, where):
        top = name.split(".")[0]
        if FLOORS.get(top, -1) > FLOORS[floor]:
            found.append(f"{where}:{line} imports {name}: {floor} may not know {top}")
        if top in DRAWS_PAGES and FLOORS[floor] < FLOORS["pages"]:
            found.append(f"{where}:{line} imports {name}: only pages and doors draw pages")
        if top in DRAWS_FIGURES and FLOORS[floor] < FLOORS["visualizers"]:
            found.append(f"{where}:{line} imports {name}: only visualizers and above draw figures")
        if top == "environment" and floor not in ("app", "server", "gradio_app", "benchmarks", "tests"):
            found.append(f"{where}:{line} imports {name}: only doors prepare the environment")
        if own and _system(name) not in ("", own):
            found.append(f"{where}:{line} imports {name}: no system knows another")
        if where.startswith(KNOWS_NO_SYSTEM) and _system(name):
            found.append(f"{where}:{line} imports {name}: what serves every system knows none")
        if floor == "visualizers" and name.startswith(RUNS):
            found.append(f"{where}:{line} imports {name}: figures know results, never the engine or a session")
        if top in COMPUTES and floor == "worlds":
            found.append(f"{where}:{line} imports {name}: worlds are drawn without networks")
        if name.startswith("models.recipes") and not where.startswith(("models/recipes/", "tests/models/recipes/")):
            found.append(f"{where}:{line} imports {name}: recipes are scripts, which nothing imports")
        if where.startswith("models/training/") and top == "worlds" and not name.startswith("worlds.errors"):
            found.append(f"{where}:{line} imports {name}: training knows no world")
        if top in ("tests", "benchmarks") and floor not in ("tests", "benchmarks"):
            found.append(f"{where}:{line} imports {name}: the app knows neither tests nor benchmarks")
    return found


def _files() -> list[tuple[str, Path]]:
    inside = [(floor, path) for floor in ("worlds", "models", "backends", "visualizers", "pages", "fronts", "benchmarks", "tests")
              for path in sorted((ROOT / floor).rglob("*.py"))]
    return inside + [(Path(door).stem, ROOT / door) for door in DOORS if (ROOT / door).is_file()]


def test_every_import_points_down() -> None:
    found = [line for floor, path in _files()
             for line in findings(floor, path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(("floor", "source"), [
    pytest.param("worlds", "from backends.run import Settings", id="a world that knows a backend"),
    pytest.param("models", "import backends", id="a model that knows a backend"),
    pytest.param("backends", "import streamlit as st", id="a backend with widgets"),
    pytest.param("backends", "def f():\n    import plotly.graph_objects", id="a backend that draws, inside a function"),
    pytest.param("visualizers", "from streamlit import cache_data", id="a figure with widgets"),
    pytest.param("visualizers", "import gradio", id="a figure with Gradio"),
    pytest.param("backends", "import importlib\nimportlib.import_module(f'pages.{x}')", id="a page imported by name"),
    pytest.param("pages", "import app", id="a page that knows the door"),
    pytest.param("worlds", "def f():\n    from torch import Tensor", id="a world that knows torch"),
    pytest.param("models", "import tests.fakes", id="a model that knows the tests"),
])
def test_an_arrow_that_runs_up_is_found(floor: str, source: str) -> None:
    assert findings(floor, source, "example.py")


@pytest.mark.parametrize(("where", "source"), [
    pytest.param("backends/coda/run.py", "from backends.tstar import search", id="a system that knows another"),
    pytest.param("backends/coda/run.py", "from ..tstar import search", id="a system that knows another, by a relative name"),
    pytest.param("pages/coda/page.py", "from .. import tstar", id="a page that knows another system, by a relative name"),
    pytest.param("pages/coda/page.py", "from backends.adaptvis.results import Looked", id="a page that knows another system"),
    pytest.param("visualizers/tstar/figures.py", "def f():\n    from visualizers import coda", id="figures that know another's"),
    pytest.param("backends/run.py", "from backends.coda.results import Law", id="a run that knows a system"),
    pytest.param("backends/engine/local.py", "import backends.tstar.run", id="an engine that knows a system"),
    pytest.param("backends/sessions.py", "from backends import adaptvis", id="sessions that know a system"),
    pytest.param("backends/made.py", "import backends.coda.training", id="a store that knows a system"),
    pytest.param("pages/house/knobs.py", "from pages.tstar import own_knobs", id="what pages share that knows a system"),
    pytest.param("backends/files/rows.py", "from backends.coda.formats import read", id="a reader that knows a system"),
    pytest.param("visualizers/theme.py", "from backends.engine import the_engine", id="a figure that knows the engine"),
    pytest.param("visualizers/ladder.py", "from backends.sessions import Session", id="a figure that knows a session"),
    pytest.param("backends/coda/law.py", "from models.recipes.coda import card", id="a backend that knows a recipe"),
    pytest.param("benchmarks/film.py", "import models.recipes", id="a benchmark that knows a recipe"),
    pytest.param("tests/models/test_x.py", "from models import recipes", id="a test that knows a recipe"),
    pytest.param("models/training/words.py", "from worlds.facts.corpus import Corpus", id="training that knows a world"),
])
def test_an_arrow_between_neighbours_is_found(where: str, source: str) -> None:
    assert findings(where.split("/")[0], source, where)


@pytest.mark.parametrize(("where", "source"), [
    pytest.param("pages/coda/page.py", "from backends.coda.results import Law\nfrom pages.house import tasks", id="its own system"),
    pytest.param("backends/registry.py", "import backends.coda.system", id="the registry"),
    pytest.param("models/recipes/shapes_vlm/__main__.py", "from models.recipes.scenes_vlm import training",
                 id="a recipe's neighbour"),
])
def test_an_arrow_within_a_system_is_not(where: str, source: str) -> None:
    assert not findings(where.split("/")[0], source, where)


@pytest.mark.parametrize(("floor", "source"), [
    pytest.param("pages", "import streamlit\nfrom backends import run\nimport plotly", id="a page"),
    pytest.param("visualizers", "import plotly\nfrom worlds.errors import InputError", id="a figure"),
    pytest.param("backends", "from backends.run import Run\nimport numpy", id="a neighbour on the same floor"),
])
def test_an_arrow_that_runs_down_is_not(floor: str, source: str) -> None:
    assert not findings(floor, source, "example.py")


def test_tables_leave_the_pages_through_the_one_safe_writer():
    """pandas' own CSV has no mark of its encoding, and lets a spreadsheet run what a visitor wrote."""
    wrote = [path.name for path in (ROOT / "pages").rglob("*.py") if ".to_csv(" in path.read_text(encoding="utf-8")]

    assert wrote == []
