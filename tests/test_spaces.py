import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import environment

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("spaces_maker", ROOT / "deploy" / "spaces.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_front_matter_replaces_what_the_readme_had(maker: ModuleType) -> None:
    readme = maker.with_front_matter("---\nsdk: static\n---\n\n# Orrery\n---\nrest\n", {"sdk": "docker"})

    assert readme == "---\nsdk: docker\n---\n\n# Orrery\n---\nrest\n"


def test_the_short_description_fits(maker: ModuleType) -> None:
    assert len(maker.COMMON["short_description"]) <= 60


def test_zero_gpu_gets_its_own_torch_and_no_pages(maker: ModuleType) -> None:
    lines = maker.zero_gpu_requirements((ROOT / "requirements.txt").read_text()).splitlines()

    assert [line for line in lines if re.match(r"torch\b", line)] == ["torch==2.11.0"]
    assert "spaces" in lines
    assert not any(line.startswith(("streamlit", "uvicorn")) for line in lines)
    assert any(line.startswith("gradio[mcp]") for line in lines)


def test_both_spaces_are_whole(maker: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "TARGET", ROOT / "space" / "test")  # ignored by git
    try:
        maker.main()
        docker, zero_gpu = ROOT / "space/test/docker", ROOT / "space/test/zerogpu"

        assert {"app.py", "server.py", "Dockerfile", "pages", ".streamlit"} <= {path.name for path in docker.iterdir()}
        assert "app_port: 7860" in (docker / "README.md").read_text()
        assert {"gradio_app.py", "environment.py", "backends"} <= {path.name for path in zero_gpu.iterdir()}
        assert not {"app.py", "pages", "tests"} & {path.name for path in zero_gpu.iterdir()}
        for folder in (docker, zero_gpu):
            assert (folder / "VERSION").read_text().strip() == maker.code_version() != ""
        assert "app_file: gradio_app.py" in (zero_gpu / "README.md").read_text()
        assert "import streamlit" not in (zero_gpu / "gradio_app.py").read_text()
    finally:
        maker.shutil.rmtree(ROOT / "space" / "test", ignore_errors=True)


@pytest.mark.parametrize(("variables", "is_offline"), [
    pytest.param({}, "1", id="by default"), pytest.param({"ORRERY_ALLOW_DOWNLOAD": "1"}, None, id="when downloads are allowed")])
def test_the_hub_is_asked_only_when_that_is_allowed(variables: dict[str, str], is_offline: str | None,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "ORRERY_ALLOW_DOWNLOAD", "GRADIO_ANALYTICS_ENABLED"):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    environment.prepare()

    assert os.environ.get("HF_HUB_OFFLINE") == is_offline
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


@pytest.mark.parametrize("entrance", ["server", "gradio_app"])
def test_no_entrance_imports_anything_heavy_before_the_environment_is_set(entrance: str) -> None:
    first = next(line for line in (ROOT / f"{entrance}.py").read_text().splitlines() if line.startswith(("import", "from")))

    assert first == "import environment"


def test_the_server_does_not_import_what_is_slow_before_it_serves() -> None:
    code = "import sys, server; print([name for name in ('torch', 'gradio', 'transformers') if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
