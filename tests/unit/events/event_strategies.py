"""Random messages for hypothesis: valid ones of every type, and the same with one thing changed."""

import copy
import unicodedata
from datetime import datetime
from typing import Any

from event_examples import FACETS, FULL, OPTIONAL, message
from hypothesis import strategies as st

from events.catalogue import DIMENSIONS, MEASURES
from events.vocabulary import LEVELS, OPERATOR, ROLES, STOCKS

UNITS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)
IDS = st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True)
REFERENCES = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
DAYS = st.dates().map(str)
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40).map(
    lambda text: unicodedata.normalize("NFC", text)
)
NUMBERS = st.integers(0, 2**53 - 1)
ZONES = st.sampled_from(["Z", "z", "+07:00", "-00:00", ".5+14:00", ".123456Z"])
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)).flatmap(  # noqa: DTZ001 - the zone comes after it
    lambda local: ZONES.map(lambda zone: local.isoformat(timespec="seconds") + zone)
)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "member": REFERENCES,
    "candidate": REFERENCES,
    "as": REFERENCES,
    "grade": st.sampled_from([int(code) for code in DIMENSIONS["grade"][:-1]]),
    "readmission": st.booleans(),
    "early": st.booleans(),
    "posthumous": st.booleans(),
    "passed": st.booleans(),
    "facets": st.fixed_dictionaries({}, optional={name: st.sampled_from(DIMENSIONS[name][:-1]) for name in FACETS}),
    "parent": UNITS,
    "successor": UNITS,
    "name": TEXTS,
    "level": st.sampled_from(LEVELS),
    "resolution": TEXTS,
    "note": TEXTS,
    "measure": st.sampled_from(MEASURES),
    "at_least": NUMBERS,
    "at_most": NUMBERS,
    "value": NUMBERS,
    "account": st.from_regex(r"a-[a-z0-9]{16}", fullmatch=True),
    "role": st.sampled_from([role for role in ROLES if role != OPERATOR]),
    "source": UNITS.map("/units/{}".format),
    "id": IDS,
}
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([30, 35, 2**53, -1, 1.0, 30.0, 0.5, 1e300]),
    st.text(max_size=8),
    st.sampled_from(
        ["", "a\n", "/units/a", "2023-02-29", "2023-11-20", "cb-01", "yes", "unknown", "Đa\u0309ng", "1.0"]
    ),
    st.just([]),
    st.just({}),
    st.just({"sex": "female"}),
)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    """Draw valid messages of the publisher of the examples."""
    event_type = draw(st.sampled_from(sorted(FULL)))
    data = dict(FULL[event_type])
    if event_type == "figure.declared" and draw(st.booleans()):
        data = {"figure": draw(st.sampled_from(MEASURES)), "from": "", "to": "", "value": 0}
    elif event_type == "figure.declared":
        data["figure"] = draw(st.sampled_from(STOCKS))
    for field in list(data):
        if field in OPTIONAL and draw(st.booleans()):
            del data[field]
        elif field in FIELDS:
            data[field] = draw(FIELDS[field])
        elif field == "reason":
            data[field] = draw(TEXTS if "retracted" in event_type else st.sampled_from(DIMENSIONS["reason"][:-1]))
        elif field != "figure":
            data[field] = draw(UNITS if event_type == "member.transferred" and field == "to" else DAYS)
    if "from" in data:
        data["from"], data["to"] = sorted((data["from"], data["to"]))
    if "at_most" in data:
        data["at_least"], data["at_most"] = sorted((data["at_least"], data["at_most"]))
    return message(event_type, data, id=draw(IDS), subject=draw(UNITS), time=draw(TIMES))


@st.composite
def changed_messages(draw: st.DrawFn) -> dict[str, Any]:
    """Draw messages of which one thing is changed, added or left out, mostly for the worse."""
    document = copy.deepcopy(draw(messages()))
    places = [document, document["data"], document["data"].get("facets")]
    place = draw(st.sampled_from([found for found in places if found]))
    key = draw(st.sampled_from(sorted(place)))
    match draw(st.sampled_from(["replace", "replace", "replace", "remove", "add"])):
        case "remove":
            del place[key]
        case "add":
            place[draw(st.sampled_from(["on", "from", "to", "sex", "note", "datacontenttype", "x", "since"]))] = draw(
                ANYTHING
            )
        case _:
            place[key] = draw(ANYTHING)
    return document
