"""Write the two folders that can be pushed to Hugging Face Spaces as they are: `make space`.

`space/docker` is the whole app, pages and Gradio, for a Docker Space. `space/zerogpu` is the Gradio front alone, for a
ZeroGPU Space: there `spaces` lends a GPU per call, torch and Python are pinned to what ZeroGPU offers, and no Streamlit
is installed. Only files that git knows are copied.
"""

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "space"
COMMON = {
    "title": "Orrery",
    "emoji": "🪐",
    "colorFrom": "blue",
    "colorTo": "green",
    "pinned": "false",
    "short_description": "Research systems on models small enough for a laptop",  # 60 characters at most
}
DOCKER = COMMON | {"sdk": "docker", "app_port": "7860"}
ZERO_GPU = COMMON | {"sdk": "gradio", "app_file": "gradio_app.py", "python_version": "3.12.12"}
ZERO_GPU_TORCH = "2.11.0"  # the newest that ZeroGPU lists
NOT_SHIPPED = ("tests", "deploy", ".ci", ".github", "benchmarks", "requirements-dev.txt", "Makefile", ".gitignore")
ONLY_PAGES = ("app.py", "server.py", "pages", ".streamlit", "Dockerfile", ".dockerignore")


def front_matter(fields: dict[str, str]) -> str:
    """The block at the head of a Space's README."""
    return "---\n" + "".join(f"{name}: {value}\n" for name, value in fields.items()) + "---\n"


def with_front_matter(readme: str, fields: dict[str, str]) -> str:
    """The README with this front matter instead of its own, if it has one."""
    return front_matter(fields) + "\n" + re.sub(r"\A---\n.*?\n---\n+", "", readme, flags=re.DOTALL)


def zero_gpu_requirements(requirements: str) -> str:
    """The same requirements without what only the pages and the server need, and with torch as ZeroGPU has it."""
    lines = [line for line in requirements.splitlines() if not re.match(r"(streamlit|uvicorn|prometheus-client|torch)\b", line)]
    return "\n".join([*lines, f"torch=={ZERO_GPU_TORCH}", "spaces"]) + "\n"


def gradio_version() -> str:
    """The version that is installed here: the one that was tested."""
    from importlib.metadata import version

    return version("gradio")


def code_version() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                          capture_output=True, text=True, check=True)
    return sorted(Path(name) for name in set(done.stdout.split("\0")) if name and (ROOT / name).is_file())


def copy(files: list[Path], target: Path, *, without: tuple[str, ...]) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for file in files:
        if file.parts[0] not in without:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, target / file)


def main() -> None:
    files = tracked()
    readme = (ROOT / "README.md").read_text(encoding="utf-8") if (ROOT / "README.md").is_file() else "# Orrery\n"

    docker = TARGET / "docker"
    copy(files, docker, without=NOT_SHIPPED)
    stamped = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace(
        'ARG ORRERY_VERSION=""', f'ARG ORRERY_VERSION="{code_version()}"')
    (docker / "Dockerfile").write_text(stamped, encoding="utf-8")  # a Space has another history, and no git in its image
    (docker / "README.md").write_text(with_front_matter(readme, DOCKER), encoding="utf-8")

    zero_gpu = TARGET / "zerogpu"
    copy(files, zero_gpu, without=NOT_SHIPPED + ONLY_PAGES)
    fields = ZERO_GPU | {"sdk_version": gradio_version()}
    (zero_gpu / "README.md").write_text(with_front_matter(readme, fields), encoding="utf-8")
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    (zero_gpu / "requirements.txt").write_text(zero_gpu_requirements(requirements), encoding="utf-8")
    for folder in (docker, zero_gpu):  # a Space has another history than ours
        (folder / "VERSION").write_text(code_version() + "\n", encoding="utf-8")

    for folder in (docker, zero_gpu):
        print(f"{folder.relative_to(ROOT)}: {sum(path.is_file() for path in folder.rglob('*'))} files, "
              f"{sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
