"""The fingerprint of the rules: of all that decides and counts, and of nothing else (decisions 0026 and 0031).

Covered is `projections/rules`, with every folder in it, and `events`, which says what the log's messages mean. Of a
module its syntax tree counts: comments, docstrings, layout, imports, its place in these folders and sentences for
people can be changed without another fingerprint, and so can everything that lies elsewhere: the answers, the words.
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
RULES: Final = ("events", "projections/rules")
_DESCRIBES: Final = frozenset({"events/schemas.py", "events/words.py"})
"""The contract for other languages and for people: made from the catalogue, and nothing is decided by them."""

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
    files = (file for folder in RULES for file in (home / folder).rglob("*.py"))
    return sorted(file for file in files if file.relative_to(home).as_posix() not in _DESCRIBES)


def tree_of(file: Path) -> str:
    """Write what a module does, without what it says to people."""
    return _written(ast.parse(file.read_bytes()))


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
