"""What a revision of the schema may do while the release before still runs on it (decision 0058): it adds, and no more.

Read from its source: the SQL that it holds, and the operations of Alembic that it calls.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_VERBS: Final = re.compile(
    r"\s*(ALTER|ANALYZE|CALL|CLUSTER|COMMENT|COPY|CREATE|DELETE|DO|DROP|EXECUTE|GRANT|INSERT|LOCK|MERGE|REASSIGN|"
    r"REFRESH|REINDEX|REVOKE|SELECT|SET|TRUNCATE|UPDATE|VACUUM|WITH)\s",
)
"""SQL is written in capitals here; a text that begins with none of these is no statement."""
_NAME: Final = r'[\w".{}…]+'
_NEW_COLUMN: Final = re.compile(
    rf"ADD (COLUMN )?(IF NOT EXISTS )?(?!CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE){_NAME} "
)
_MADE: Final = re.compile(rf"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?({_NAME})")
_NO_COUNTING: Final = 15
"""Seconds for which counting may stand still in an upgrade."""
_OPERATIONS: Final = frozenset({"add_column", "create_table", "create_index", "execute", "get_bind", "f"})
_VOLATILE: Final = re.compile(
    r"\b(clock_timestamp|random|gen_random_uuid|uuidv7|uuidv4|nextval)\b|GENERATED", re.IGNORECASE
)


def not_additive(source: str) -> list[str]:
    """Name what of a revision takes away or changes what was there, or holds up those who use it; nothing is well.

    An index on a table that is there holds up who writes it: the revision names it in `stands_still`, with the seconds
    that it takes at the size of a nation.
    """
    tree = ast.parse(source)
    statements = [said for text in _texts(tree) for said in _statements(text)]
    made = {_plain(found[1]) for said in statements if (found := _MADE.match(said))}
    made |= {_plain(name) for name in _tables_made(tree)}
    quick = {name for name, seconds in (declared(source, "stands_still") or {}).items() if seconds < _NO_COUNTING}
    statements = [said for said in statements if _plain_index(said) not in quick]
    found = [why for said in statements if (why := _refused(said, made)) is not None]
    return [*found, *_operations(tree, made)]


def declared(source: str, name: str) -> Any:
    """Return what a revision says of itself at its top, None where it doesn't.

    `lives_with` and `unused_since` are texts, `stands_still` seconds by the names of indexes.
    """
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            return ast.literal_eval(node.value)
    return None


def breaks_the_policy(source: str, last_release: str, of_release: str) -> list[str]:
    """Name why a revision can't come with the next release: two releases would not live with it side by side.

    What takes away has to say in `unused_since` the release from which on nothing uses it, and that has to be out.
    `of_release` is the last revision that the last release came with.
    """
    lives_with = declared(source, "lives_with")
    found = []
    if lives_with is None or lives_with > of_release:
        found.append(f"it has to say lives_with = {of_release!r}, or one before: the last release runs beside it")
    taken = not_additive(source)
    unused = declared(source, "unused_since")
    if taken and (unused is None or _numbers(unused) > _numbers(last_release)):
        found += taken
    return found


def revisions_since(release: str, folder: Path) -> list[Path]:
    """Return the files of the revisions after the one that a release came with."""
    return sorted(file for file in folder.glob("[0-9]*.py") if file.name[: len(release)] > release)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("."))


def _refused(said: str, made: set[str]) -> str | None:
    """Say why one statement is none that adds."""
    short = said if len(said) < 100 else f"{said[:97]}..."
    words = said.split()
    match words[0]:
        case "SELECT" | "COMMENT" | "GRANT" | "WITH":
            return short if re.search(r"\b(INSERT|UPDATE|DELETE|MERGE) ", said) and words[0] == "WITH" else None
        case "CREATE":
            return _of_create(said, made, short)
        case "ALTER" if words[1] == "TABLE":
            return _of_alter(said, made, short)
        case "INSERT" if _plain(words[2]) in made:
            return None
        case _:
            return short


def _plain_index(said: str) -> str:
    """Name the index that a statement makes, where it refuses nothing that is written; else nothing."""
    found = re.match(rf"CREATE INDEX (?:IF NOT EXISTS )?({_NAME}) ON ", said)
    return found[1] if found else ""


def _of_create(said: str, made: set[str], short: str) -> str | None:
    if re.match(r"CREATE (TABLE|UNLOGGED TABLE|VIEW|TYPE|SEQUENCE|FUNCTION|DOMAIN) ", said):
        return None  # a function that is replaced is another one
    index = re.match(rf"CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?{_NAME} ON (?:ONLY )?({_NAME})", said)
    if index and _plain(index[1]) in made:
        return None
    return f"{short} (on a table that is there it holds up who writes, or refuses what they write)"


def _of_alter(said: str, made: set[str], short: str) -> str | None:
    found = re.match(rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?({_NAME}) (.*)", said)
    if found is None:
        return short
    if _plain(found[1]) in made:
        return None
    for step in _top_level(found[2]):
        needs = "NOT NULL" in step and "DEFAULT" not in step
        limits = re.search(r"\b(UNIQUE|PRIMARY KEY|REFERENCES|CHECK)\b", step)
        if not _NEW_COLUMN.match(f"{step} ") or needs or limits or _VOLATILE.search(step):
            return short
    return None


def _top_level(steps: str) -> list[str]:
    """Part the steps of one ALTER at the commas that are in no parentheses."""
    parts, depth = [""], 0
    for letter in steps:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _plain(name: str) -> str:
    """Leave the schema of a name out."""
    return name.rpartition(".")[2].strip('"').partition("(")[0]


def _texts(tree: ast.Module) -> Iterator[str]:
    """Give the texts of a module, with `…` where something is put into them."""
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)  # type: ignore[misc]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value


def _statements(text: str) -> list[str]:
    """Give the statements of a text, each on one line and without comments; one with a body in $$ is one."""
    text = re.sub(r"--[^\n]*", "", text)
    whole = [text] if "$$" in text else text.split(";")
    return [" ".join(each.split()) for each in whole if _VERBS.match(f"{each} ")]


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "op":
            yield node.func.attr, node


def _tables_made(tree: ast.Module) -> set[str]:
    return {_first(call) for name, call in _calls(tree) if name == "create_table"}


def _operations(tree: ast.Module, made: set[str]) -> list[str]:
    found = []
    for name, call in _calls(tree):
        said = ast.unparse(call)
        table = _text(call.args[1]) if name == "create_index" and len(call.args) > 1 else _first(call)
        of_column = {word.arg: ast.unparse(word.value) for each in call.args for word in getattr(each, "keywords", [])}
        needs = of_column.get("nullable") == "False" and "server_default" not in of_column
        if name not in _OPERATIONS or (
            (name == "create_index" and table not in made) or (name == "add_column" and needs and table not in made)
        ):
            found.append(said if len(said) < 100 else f"{said[:97]}...")
    return found


def _first(call: ast.Call) -> str:
    return _text(call.args[0]) if call.args else ""


def _text(node: Any) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
