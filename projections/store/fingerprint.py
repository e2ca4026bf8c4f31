"""The fingerprint of the rules: of all that decides and counts, and of nothing else (decision 0026).

Covered are the modules of `events` and of the pure rooms of `projections` that the writing and the rebuilding of the
read models import, and whatever these import, in whatever folder it is. Of a module its syntax tree counts: comments,
docstrings, layout, imports and sentences for people can be mended without another fingerprint, and so can the answers.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import projections

HOME: Final = Path(projections.__path__[0]).parent
WRITERS: Final = ("writing", "copying", "restructuring", "loading", "projection", "verdicts", "rebuilding")
"""What of `projections.store` carries the rules out: they are what it imports."""
_STORE: Final = "projections.store"
_ROOMS: Final = ("events", "projections")

_sentence = re.compile(r"\b[a-z]+,? [a-z]+\b").search
_NOT_SAID: Final = frozenset({"ctx", "kind", "type_comment", "type_params"})
"""Fields that say nothing, or that not every version of Python has."""


@cache
def rules() -> str:
    """Fingerprint what decides and counts: two generations with the same one are the same function of the log."""
    return fingerprint(HOME)


def fingerprint(home: Path) -> str:
    """Fingerprint the rules of a program whose packages are in a folder; by what they say, not by where it stands."""
    digest = sha256()
    for said in sorted(tree_of(file) for file in covered(home)):
        digest.update(said.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]


def covered(home: Path) -> list[Path]:
    """Return the files of the modules that are rules, in order."""
    store = home / _STORE.replace(".", "/")
    writers = [file for name in WRITERS for file in (store / f"{name}.py", *sorted((store / name).glob("**/*.py")))]
    waiting = [name for file in writers if file.is_file() for name in _imports(file)]
    known: dict[str, Path] = {}
    for name in waiting:  # grows while it is walked
        file = _file_of(home, name)
        if name not in known and file is not None and not name.startswith(_STORE):
            known[name] = file
            waiting += _imports(file)
    return sorted(set(known.values()))


def tree_of(file: Path) -> str:
    """Write what a module does, without what it says to people."""
    return _written(ast.parse(file.read_bytes()))


def _imports(file: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in _ROOMS:
            found += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        elif isinstance(node, ast.Import):
            found += [each.name for each in node.names if each.name.partition(".")[0] in _ROOMS]
    return found


def _file_of(home: Path, module: str) -> Path | None:
    path = home / module.replace(".", "/")
    return next((file for file in (path.with_name(f"{path.name}.py"), path / "__init__.py") if file.is_file()), None)


def _written(node: Any) -> str:
    if isinstance(node, list):
        return f"[{','.join(_written(each) for each in node if not _unsaid(each))}]"
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return "(a sentence)" if _sentence(node.value) else repr(node.value)
    if isinstance(node, ast.AST):
        return f"{type(node).__name__}({','.join(_fields(node))})"
    return repr(node)


def _fields(node: ast.AST) -> Iterator[str]:
    for name, value in ast.iter_fields(node):
        if name not in _NOT_SAID and value not in (None, []):
            yield f"{name}={_written(value)}"


def _unsaid(node: Any) -> bool:
    """Tell whether a statement says nothing to the machine: an import, a docstring."""
    docstring = (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )
    return docstring or isinstance(node, (ast.Import, ast.ImportFrom))
