"""Documentation is part of the app: what is built must be found in it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from backends.registry import systems

ROOT = Path(__file__).parent.parent
MINIATURES = sorted(path for path in (ROOT / "models" / "miniatures").iterdir() if path.is_dir())


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_every_setting_is_explained_in_its_document(system):
    text = (ROOT / "docs" / f"{system.name}.md").read_text()

    assert [name for name in system.settings.model_fields if f"`{name}`" not in text] == []


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_every_system_is_in_the_readme_and_has_its_pictures(system):
    readme = (ROOT / "README.md").read_text()

    assert f"docs/{system.name}.md" in readme and system.source in readme
    for ending in ("", "-dark", "-phone"):
        assert (ROOT / "docs" / f"{system.name}{ending}.jpg").stat().st_size > 20_000


@pytest.mark.parametrize("folder", MINIATURES, ids=lambda folder: folder.name)
def test_every_miniature_has_a_card_that_says_what_made_it_and_what_it_cannot_do(folder):
    card, text = json.loads((folder / "card.json").read_text()), (folder / "README.md").read_text()

    assert card["script"].startswith("python -m models.recipes.") and card["script"] in text
    assert all(sentence in text for sentence in card["cannot"])
    assert card["parameters"] > 0


def test_every_variable_of_a_deployment_is_in_the_readme():
    code = [*ROOT.glob("*.py"), *(path for floor in ("fronts", "backends", "models", "pages", "visualizers", "worlds")
                                  for path in (ROOT / floor).rglob("*.py"))]
    used = {name for path in code for name in re.findall(r"ORRERY_[A-Z_]+", path.read_text(encoding="utf-8"))}

    assert used and sorted(name for name in used if f"`{name}`" not in (ROOT / "README.md").read_text()) == []


def test_weights_stay_small():
    sizes = [path.stat().st_size for path in (ROOT / "models" / "miniatures").rglob("*.safetensors")]

    assert max(sizes) < 10_000_000 and sum(sizes) < 60_000_000


def test_the_whole_tree_stays_small():
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this is not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]

    assert sum(path.lstat().st_size for path in paths if path.is_symlink() or path.exists()) < 64 * 2**20
