"""Whatever arrives gets an answer: decode raises nothing, and both of its halves answer the same."""

import json
import random
import re
from collections import Counter
from typing import Any

import pytest
from event_examples import BARE, FULL, PUBLISHER, as_body, message
from event_strategies import changed_messages, messages
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events.codec import Event, Refusal, decode, encode, same_content
from events.derived import decision_day, fact_entries, units_named
from events.inspection import inspect
from events.vocabulary import Reason

ROOT = "trung-uong"
REFUSED_FOR = {Reason.MALFORMED, Reason.UNKNOWN_TYPE, Reason.INVALID_FIELD, Reason.PUBLISHER_MISMATCH}
QUICK = settings(max_examples=200, deadline=None, database=None)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
SUBJECTS = st.one_of(
    st.sampled_from([f"party.v1.{PUBLISHER}.{name}" for name in FULL]),
    st.from_regex(r"party\.v1\.[a-z0-9_-]{1,3}\.[a-z.]{0,9}", fullmatch=True),
    st.text(st.characters(), max_size=30),
    st.binary(max_size=20).map(lambda raw: raw.decode(errors="surrogateescape")),
)


def check(bus_subject: str, body: bytes) -> Event | Refusal:
    """Read a message and hold the answer to all that is promised of any answer."""
    answer = decode(bus_subject, body)
    if isinstance(answer, Event):
        assert inspect(bus_subject, body, ROOT) == answer
        return answer
    assert type(answer) is Refusal
    assert answer.reason in REFUSED_FOR
    assert (answer.field is None) == (answer.reason is Reason.MALFORMED)
    for text in (answer.field, answer.detail, answer.publisher, answer.id, answer.type, answer.subject):
        if text is not None:
            assert text.isprintable()
            assert len(text) < 300
    return answer


@QUICK
@given(messages(), st.booleans(), st.booleans())
def test_valid_messages_are_events_however_they_are_written(
    document: dict[str, Any], spaced: bool, escaped: bool
) -> None:
    body = json.dumps(document, ensure_ascii=escaped, indent=1 if spaced else None).encode()
    event = check(f"party.v1.{PUBLISHER}.{document['type']}", body)
    assert isinstance(event, Event)
    assert decode(f"party.v1.{PUBLISHER}.{event.type}", encode(event)) == event
    assert same_content(body, as_body(document))
    assert fact_entries(event) or not event.type.startswith(("member", "candidate", "badge"))
    assert "subject" in units_named(event)
    assert (decision_day(event) is None) == event.type.startswith(("access.", "event."))


@QUICK
@given(changed_messages(), SUBJECTS)
def test_changed_messages(document: dict[str, Any], bus_subject: str) -> None:
    for body in (json.dumps(document).encode(), json.dumps(document, ensure_ascii=False).encode(errors="replace")):
        check(f"party.v1.{PUBLISHER}.{document.get('type')}", body)
        check(bus_subject, body)


@QUICK
@given(SUBJECTS, st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@example("", b"")
def test_anything_else(bus_subject: str, body: bytes) -> None:
    assert isinstance(check(bus_subject, body), Refusal)


@QUICK
@given(JSON, JSON, st.binary(max_size=50))
def test_content_can_always_be_compared(one: Any, other: Any, noise: bytes) -> None:
    a, b = json.dumps({"x": one}).encode(), json.dumps({"x": other}, indent=2).encode()
    assert same_content(a, a)
    assert same_content(a, b) == same_content(b, a)
    assert not same_content(a, noise)
    if "NaN" not in a.decode() and "Infinity" not in a.decode():
        assert same_content(a, json.dumps({"x": one}, indent=3).encode())


TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[^"\s{}\[\]:,]+|[{}\[\]:,]|\s+')
STRINGS = rb"""
    "" "a" "a\n" "a\u0000" "\ud800" "\udfff\ud83d" "\ud83d\ude00" "/" "\/" "1.0" "30" "yes" "no" "unknown" "female"
    "2023-11-20" "2023-02-29" "0000-01-01" "9999-12-31" "2023-11-28T09:01:02Z" "2023-11-28T09:01:02" "e-1" "cb-01" "CB"
    "/units/db-01" "/units/x" "/units/" "unit.moved" "member.admitted" "no.type" "trung-uong" "admissions" "members"
    "id" "type" "source" "subject" "data" "facets" "sex" "parent" "on" "from" "to" "x" "datacontenttype"
""".split()
OTHERS = b"""
    null true false 0 -0 1 30 35 30.0 3e1 1e999 -1 700 9007199254740991 9007199254740992 [] {} [[{}]]
    {"sex":"male"} {"x":1}
""".split()
UNGRAMMATICAL = [*b"NaN -Infinity 01 +1 , : { } [ ] \" ' // \\".split(), b"\xff", b"\xed\xa0\x80", b"\x00", b"\x0b"]
LARGE = [
    b"9" * 400,
    b"[" * 40,
    b'{"a":' * 40,
    b"[" * 33 + b"]" * 33,
    b'"' + b"x" * 64 + b'"',
    b'"' + b"x" * 17000 + b'"',
]
TEXTS = ['"Đảng"', '"Đa\u0309ng"', '"\u202e"', '"\ufeff"', '"😀"', '"\x7f"']
VALUES = STRINGS * 3 + OTHERS * 3 + [text.encode() for text in TEXTS]
ANY_TOKEN = VALUES + UNGRAMMATICAL * 3 + LARGE


def a_change(chance: random.Random, tokens: list[bytes]) -> bytes:
    """Change a message at random: a value or a key, any token, a run of tokens, or single bytes."""
    changed = tokens.copy()
    kind = chance.random()
    for _ in range(1 if chance.random() < 0.7 else 3):
        place = int(chance.random() * len(changed))
        if kind < 0.7:
            while changed[place] in b"{}[]:,":
                place = (place + 1) % len(changed)
            changed[place] = chance.choice(VALUES)
        elif kind < 0.8:
            changed[place] = chance.choice(ANY_TOKEN)
        elif kind < 0.85:
            del changed[place : place + 4]
            changed = changed or [b"{", b"}"]
        elif kind < 0.9:
            changed[place:place] = changed[place : place + 4]
        else:
            token = bytearray(changed[place])
            token[int(chance.random() * len(token))] = chance.choice(b'\x00\x1f "09AZ[\\]az{}\x7f\x80\xff')
            changed[place] = bytes(token)
    return b"".join(changed)


@pytest.mark.parametrize(("count", "least"), [(50_000, 100), pytest.param(200_000, 500, marks=pytest.mark.long)])
def test_many_messages_with_a_fixed_seed(count: int, least: int) -> None:
    """Valid messages with something changed, and noise: the same ones every time, in process."""
    chance = random.Random(28_11_2023)
    bodies = [as_body(message(name, data[name])) for data in (FULL, BARE) for name in FULL]
    bodies += [json.dumps(message(name)).encode() for name in FULL]
    valid = [(name, TOKEN.findall(body)) for name, body in zip([*FULL] * 3, bodies, strict=True)]
    assert all(b"".join(tokens) == body for (_, tokens), body in zip(valid, bodies, strict=True))
    answers: Counter[str] = Counter()
    for turn in range(count):
        name, tokens = valid[turn % len(valid)]
        subject = f"party.v1.{PUBLISHER}.{name}"
        odd = chance.random()
        if odd < 0.05:
            subject = chance.choice(("", "party.v1.x", f"party.v1.x.{name}", f"party.v1.X.{name}", "\udcff"))
        body = a_change(chance, tokens) if odd < 0.97 else chance.randbytes(int(chance.random() * 64))
        answer = check(subject, body)
        answers[answer.reason if isinstance(answer, Refusal) else "event"] += 1
    assert {*answers} == {"event", *REFUSED_FOR}
    assert min(answers.values()) > least, answers
