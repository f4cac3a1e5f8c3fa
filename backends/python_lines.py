"""The lines of Python that make a run again, as every front prints them: they run as they are printed.

A file that was brought stands beside them under its name, a model's folder in ORRERY_MODELS_DIR; runs that others go on from come
first, for they are made again too.
"""

from collections.abc import Iterator, Mapping, Sequence

from backends.knobs import files_of, knobs_of
from backends.registry import System
from backends.run import Inputs, Settings

WHERE = "Run this in Orrery's own folder, the one with server.py, with the Python that runs it."


def lines(system: System, settings: Settings, inputs: Inputs | None = None) -> str:
    """Return a script that makes a run of these settings again.

    Args:
        inputs: what the session brought, where the settings name earlier runs of it: their settings are printed before.
    """
    chain = list(_chain(settings, inputs or Inputs()))
    files = list(dict.fromkeys(name for one, _ in chain for name in files_of(one)))
    kind = type(settings)
    modules = [f"from backends.{system.name}.run import run", f"from {kind.__module__} import {kind.__name__}"]
    modules.append(f"from backends.run import {', '.join(['Inputs', 'last', *(['name_of'] if len(chain) > 1 else [])])}")
    modules += ["from backends.sessions import made"] if len(chain) > 1 else []
    modules += ["from pathlib import Path"] if files else []
    names = _variables(chain)
    runs = [_run(one, names[name], names, files) for one, name in chain]
    return "\n".join([*_comments(settings, files), *_sorted(modules), "", *runs])


def _chain(settings: Settings, inputs: Inputs, name: str = "") -> Iterator[tuple[Settings, str]]:
    """The settings of all runs that these go on from, first to last, each with the name of its result in the session."""
    for earlier in settings.named_results():
        if earlier in inputs.results:
            yield from _chain(inputs.results[earlier].settings, inputs, earlier)
    yield settings, name


def _variables(chain: Sequence[tuple[Settings, str]]) -> Mapping[str, str]:
    """What the script calls each result: the last one `result`."""
    return {name: f"earlier_{number}" for number, (_, name) in enumerate(chain[:-1], start=1)} | {"": "result"}


def _comments(settings: Settings, files: Sequence[str]) -> Iterator[str]:
    yield f"# {WHERE}"
    if files:
        yield f"# {_said(files)}: your own, which you bring to that folder; or write where it lies."
    if folders := _folders(settings):
        yield f"# With ORRERY_MODELS_DIR set to the folder in which {_said(folders)} lies."


def _said(names: Sequence[str]) -> str:
    """Names in a comment: a stranger's link may hold one with a line of Python in it."""
    return ", ".join("".join(letter if letter.isprintable() else " " for letter in name) for name in names)


def _folders(settings: Settings) -> list[str]:
    """The folders of their own that the settings name as models."""
    from models.catalogue import LOCAL, RUNGS, is_local_name  # with it comes torch, for which a page's first picture does not wait

    rungs = {rung.name for rung in RUNGS}
    return [model.name.removeprefix(LOCAL) for model in settings.named_models()
            if model.name not in rungs and is_local_name(model.name)]


def _sorted(modules: Sequence[str]) -> list[str]:
    """Imports as people write them: the library's own, a line between, Orrery's."""
    own = sorted(line for line in modules if line.startswith("from backends"))
    others = sorted(line for line in modules if not line.startswith("from backends"))
    return [*others, "", *own] if others else own


def _run(settings: Settings, variable: str, names: Mapping[str, str], files: Sequence[str]) -> str:
    """The line of one run."""
    given = settings.model_dump(exclude_defaults=True)
    earlier = {knob.name: str(given[knob.name]) for knob in knobs_of(type(settings))
               if knob.kind == "result" and str(given.get(knob.name, "")) in names and given.get(knob.name)}
    said = {name: repr(value) for name, value in given.items()} | {
        name: f"name_of({names[result]})" for name, result in earlier.items()}
    asked = ", ".join(f"{name}={value}" for name, value in said.items())
    brought = [f"{name!r}: Path({name!r})" for name in files if name in files_of(settings)]
    parts = [f"files={{{', '.join(brought)}}}"] if brought else []
    held = [f"name_of({names[result]}): {names[result]}" for result in dict.fromkeys(earlier.values())]
    parts += [f"results={{{', '.join(held)}}}"] if held else []
    parts += ["makes=made()"] if len(names) > 1 else []
    return f"{variable} = last(run({type(settings).__name__}({asked}), Inputs({', '.join(parts)})))"
