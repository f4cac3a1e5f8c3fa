"""On ZeroGPU: what lends the GPU comes before everything that touches one, and the run is the call that it is lent to."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LENDER = """
import sys
EARLY = [name for name in ("torch", "gradio", "backends") if name in sys.modules]
CALLS = []
def GPU(duration):
    def lend(function):
        CALLS.append((function.__name__, duration))
        return function
    return lend
"""
ASK = "import gradio_app, spaces; from fronts.gradio import running; print(running.ON_ZERO_GPU, spaces.EARLY, spaces.CALLS)"


def asked(folder: Path, program: str) -> str:
    (folder / "spaces.py").write_text(LENDER)
    variables = os.environ | {"SPACES_ZERO_GPU": "1", "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=variables, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_what_lends_the_gpu_is_imported_first_and_lends_it_to_a_run(tmp_path: Path) -> None:
    assert asked(tmp_path, ASK) == "True [] [('run_on_zero_gpu', 120)]"


def test_what_crosses_into_the_lent_process_can_be_pickled(tmp_path: Path) -> None:
    program = """
import pickle, gradio_app
from backends.coda.settings import CodaSettings
from backends.sessions import Session
from fronts.gradio import running
running.run_on_zero_gpu = lambda *given: iter([len(pickle.dumps(given)) > 0])
print(list(running.events_of("coda", CodaSettings(), Session("one").inputs(), session="one")))
"""
    assert asked(tmp_path, program) == "[True]"


def test_elsewhere_nothing_asks_for_a_lender() -> None:
    program = "import sys, gradio_app; from fronts.gradio import running; print(running.ON_ZERO_GPU, 'spaces' in sys.modules)"
    variables = {name: value for name, value in os.environ.items() if name != "SPACES_ZERO_GPU"}

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=variables, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False False"
