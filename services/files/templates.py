"""The templates of Word files and the frame of documents: those that come with the program, or an office's own.

An office's file is a stranger's until it is looked at: it is a short document of Word without macros, without anything
from elsewhere and without fields that start something; what Jinja does in it is bounded where it is used.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Final

from services.files.bounds import MEGABYTE, TemplateError
from services.files.frames import Frame, frame_of, newest_frame

FOLDER: Final = Path(__file__).with_name("word")
ANSWER_FILE, DOCUMENT_FILE, FRAME_FILE = "answer.docx", "document.docx", "frame.json"
"""The names of the files that an office may put into its folder: for tables, for documents, and their frame."""
MOST: Final = 1 * MEGABYTE
MOST_UNZIPPED: Final = 10 * MEGABYTE
MOST_PARTS: Final = 300
_REFUSED_PARTS: Final = re.compile(r"vbaProject|vbaData|/embeddings/|/activeX/|/afchunk|/customUI", re.IGNORECASE)
_RELATIONSHIP: Final = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_EXTERNAL: Final = re.compile(rb"TargetMode\s*=\s*[\"']External[\"']", re.IGNORECASE)
_HYPERLINK: Final = re.compile(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']")
_FIELD_TEXT: Final = re.compile(rb"<w:instrText\b[^>]*>([^<]*)</w:instrText>|w:instr\s*=\s*\"([^\"]*)\"")
_REFUSED_FIELD: Final = re.compile(rb"DDE|INCLUDE|IMPORT|LINK(?!\w)|MACRO|DATABASE|AUTOTEXT", re.IGNORECASE)


@dataclass(frozen=True)
class Templates:
    """What Word files and documents are made with."""

    answer: bytes
    document: bytes
    frame: Frame

    @cached_property
    def digest(self) -> str:
        """Return what tells them from others: files made with them are other files."""
        return blake2b(repr(self).encode(), digest_size=8).hexdigest()


@cache
def own_templates() -> Templates:
    """Return those that come with the program."""
    answer, document = ((FOLDER / name).read_bytes() for name in (ANSWER_FILE, DOCUMENT_FILE))
    return Templates(answer, document, frame_of(newest_frame(), FRAME_FILE))


def templates_in(folder: Path) -> Templates:
    """Return those of an office's folder, and for what it doesn't have those of the program.

    Raises TemplateError, which names the file and says what is wrong with it.
    """
    found = {name: _read(folder / name) for name in (ANSWER_FILE, DOCUMENT_FILE, FRAME_FILE)}
    if not any(found.values()):
        raise TemplateError(f"{folder}: {ANSWER_FILE}, {DOCUMENT_FILE}, {FRAME_FILE}?")
    for name in (ANSWER_FILE, DOCUMENT_FILE):
        if (template := found[name]) is not None:
            require_harmless(template, str(folder / name))
    own = own_templates()
    frame = found[FRAME_FILE]
    return Templates(
        found[ANSWER_FILE] or own.answer,
        found[DOCUMENT_FILE] or own.document,
        own.frame if frame is None else frame_of(frame, str(folder / FRAME_FILE)),
    )


def _read(file: Path) -> bytes | None:
    try:
        with file.open("rb") as opened:
            found = opened.read(MOST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TemplateError(f"{file}: {error.strerror}") from error
    if len(found) > MOST:
        raise TemplateError(f"{file}: > {MOST} bytes")
    return found


def require_harmless(template: bytes, name: str) -> None:
    """Raise TemplateError for what is no document of Word, or would bring or start something by itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as parts:
            entries = parts.infolist()
            if len(entries) > MOST_PARTS or sum(each.file_size for each in entries) > MOST_UNZIPPED:
                raise TemplateError(f"{name}: > {MOST_PARTS} parts, or > {MOST_UNZIPPED} bytes")
            if "word/document.xml" not in parts.namelist():
                raise TemplateError(f"{name}: no word/document.xml")
            for each in entries:
                if _REFUSED_PARTS.search(each.filename):
                    raise TemplateError(f"{name}: {each.filename}")
                if each.filename.endswith((".xml", ".rels")):
                    _require_plain(parts.read(each), f"{name}: {each.filename}")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise TemplateError(f"{name}: {error}") from error


def _require_plain(part: bytes, name: str) -> None:
    if b"\0" in part or b"<!DOCTYPE" in part or b"<!ENTITY" in part or b"altChunk" in part:
        raise TemplateError(f"{name}: DOCTYPE, ENTITY, altChunk, or not UTF-8")
    for relationship in _RELATIONSHIP.findall(part):
        if _EXTERNAL.search(relationship) and not _HYPERLINK.search(relationship):
            raise TemplateError(f"{name}: TargetMode=External")
    fields = b"".join(one or other for one, other in _FIELD_TEXT.findall(part))
    if found := _REFUSED_FIELD.search(fields):
        raise TemplateError(f"{name}: {found[0].decode()}")
