"""A new kind of fact is one row: with that and its words alone it is decided, counted, broken down, said, described."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.catalogue.program import printed_in, program_in, run_in

ROW = """    EventType(
        "member.returned",
        "fact",
        MemberReturned,
        day=("on",),
        counts=(Count("returns", stock=1),),
        own=(Own("origin", at=58, width=3),),
    ),
    EventType("unit.established", """
STRUCT = '''class MemberReturned(Data, frozen=True, kw_only=True):
    """A member came back (đảng viên trở về)."""

    member: Reference
    on: Day
    origin: Literal["abroad", "army"] | UnsetType = UNSET
    facets: Facets | UnsetType = UNSET


class UnitEstablished(Data, '''
WORDS = """    "returns": MeasureWords(
        column="Trở về",
        english="returns",
        rate="số đảng viên trở về",
        some="đón {} đảng viên trở về",
        none="không có đảng viên trở về",
        goal="đón {} trở về",
        noun="đảng viên",
    ),
}

STOCKS: """
EDITS = (
    ("catalogue.py", '    EventType("unit.established", ', ROW),
    ("catalogue.py", "from events.data import (\n", "from events.data import (\n    MemberReturned,\n"),
    ("data.py", "class UnitEstablished(Data, ", STRUCT),
    ("data.py", "from msgspec import UNSET", "from typing import Literal\n\nfrom msgspec import UNSET"),
    ("words.py", "}\n\nSTOCKS: ", WORDS),
    ("words.py", '    "sex": "giới tính",\n', '    "sex": "giới tính",\n    "origin": "nơi trở về",\n'),
    (
        "words.py",
        '    "female": "nữ",\n',
        '    "female": "nữ",\n    "abroad": "nước ngoài",\n    "army": "quân đội",\n',
    ),
)


@pytest.mark.long
async def test_one_row_and_its_words_are_all_that_it_takes(tmp_path: Path, database: str) -> None:
    program = program_in(tmp_path, EDITS)
    found = run_in(program, "tests.integration.catalogue.another_fact", database)
    assert found["file"] == str(program / "events" / "catalogue.py")

    assert found["outcomes"] == {"back-1": "counted", "back-5": "retracted", "back-6": "parked", "wrong": "rejected"}
    assert found["rebuilt"], found["differences"]

    assert found["report"]["total"] == {"returns": 4, "admissions": 1}
    assert {row["unit"]["id"]: row["values"]["returns"] for row in found["report"]["rows"] if "unit" in row} == {
        "c0": 2,
        "c1": 1,
        "c2": 1,
        "c3": 0,
        "c4": 0,
        "c5": 0,
        "tinh": 0,
    }
    assert found["as now"] == {"returns": 3}
    assert {row["code"]: row["values"]["returns"] for row in found["breakdown"]} == {
        "abroad": 1,
        "army": 2,
        "unknown": 1,
    }
    assert {tuple(row["codes"].values()): n for row in found["pair"] if (n := row["values"]["returns"])} == {
        ("abroad", "female"): 1,
        ("army", "female"): 2,
        ("unknown", "female"): 1,
    }
    assert [(event["type"], event["measure"], event["facets"].get("origin")) for event in found["events"]] == [
        ("member.returned", "returns", "abroad"),
        ("member.returned", "returns", "army"),
        ("member.returned", "returns", "army"),
        ("member.returned", "returns", None),
    ]

    plans = found["indicators"]
    assert plans["stock"]["flows"]["returns"] == 4
    assert plans["stock"]["computed"] == 100 + 1 + 4
    assert plans["targets"][0]["value"] == 4
    assert [(each["figure"], each["declared"], each["computed"]) for each in plans["figures"] if each["from"]] == [
        ("returns", 5, 4)
    ]
    names = {rate["rate"]: rate["name"] for rate in plans["rates"]}
    assert names["returns_of_target"] == "số đảng viên trở về so với chỉ tiêu được giao"
    assert names["returns_of_last_year"] == "số đảng viên trở về so với cùng kỳ năm trước"
    assert "đón 4 đảng viên trở về, đạt 50% chỉ tiêu được giao" in found["sentence"]["text"]
    assert "phấn đấu đón 8 đảng viên trở lên trở về trong năm 2023" in found["sentence"]["text"]

    assert "Trở về" in found["terminal"]
    assert "+ 4 trở về" in found["terminal"]
    told = printed_in(program, "services.cli", "report", "--help")
    assert "returns" in told
    assert "origin" in told

    assert found["schema"] == [True] * 6 + [False]
    assert "member.returned" in found["asyncapi"]["components"]["messages"]
    schemas = found["openapi"]["components"]["schemas"]
    assert "returns" in schemas["Flows"]["required"]
    asked = {
        each["name"]: each["schema"]
        for each in found["openapi"]["paths"]["/v1/units/{unit}/report"]["get"]["parameters"]
    }
    assert "returns" in asked["measures"]["items"]["enum"]
    assert "|origin|" in asked["by"]["pattern"] or "|origin)" in asked["by"]["pattern"]


@pytest.mark.parametrize("at", [45, 60])
def test_a_row_whose_codes_have_no_room_is_refused_at_once(tmp_path: Path, at: int) -> None:
    edits = [(file, old, new.replace("at=58", f"at={at}")) for file, old, new in EDITS]
    with pytest.raises(AssertionError, match=f"origin can't lie in 3 bits from {at} on; the first free one is 46"):
        printed_in(program_in(tmp_path, edits), "events.derived")
