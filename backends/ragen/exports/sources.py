"""Pieces of our own modules as text, for a script that stands alone: what it plays by is what is played by here."""

import ast
from collections.abc import Sequence
from inspect import getsource
from pathlib import Path
from types import ModuleType

PARTS = Path(__file__).parent / "parts"


def part(name: str) -> str:
    """A part of the script that is only there."""
    return (PARTS / f"{name}.py.txt").read_text(encoding="utf-8").strip()


def picked(module: ModuleType, names: Sequence[str] = (), *, without: Sequence[str] = (),
           renamed: tuple[str, str] | None = None) -> str:
    """Return constants, classes and functions of a module as they stand there, in its order.

    Args:
        names: which; none asks for all, but its docstring and what it imports.
        without: of all.
        renamed: a function, and what it is called in the script.
    Raises:
        ValueError: the module has no such name.
    """
    source = getsource(module)
    lines = source.splitlines()
    own = [node for node in ast.parse(source).body if names_of(node)]
    if lost := sorted(set(names) - {name for node in own for name in names_of(node)}):
        raise ValueError(f"{module.__name__} has no {lost[0]!r}")
    taken = [node for node in own if (names_of(node) & set(names) if names else not names_of(node) & set(without))]
    found = ""
    for node, before in zip(taken, [None, *taken]):
        is_large = any(isinstance(one, ast.FunctionDef | ast.ClassDef) for one in (node, before))
        found += ("\n\n\n" if is_large else "\n") * (before is not None)
        found += "\n".join(lines[_first(node) - 1:node.end_lineno])
    if renamed is None:
        return found
    old, new = renamed
    if f"def {old}(" not in found:
        raise ValueError(f"{module.__name__} has no function {old!r} among what is picked")
    return found.replace(f"def {old}(", f"def {new}(")


def names_of(node: ast.stmt) -> set[str]:
    """What a statement at the top of a module defines; nothing for imports and docstrings."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


def _first(node: ast.stmt) -> int:
    """The line that a statement begins on, what decorates it included."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    return min([node.lineno, *(one.lineno for one in decorators)])
