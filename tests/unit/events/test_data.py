"""The fields of data, type by type: what each takes, and the path of what it doesn't."""

from datetime import date
from typing import Any

import pytest
from event_examples import BARE, FULL, accepted, as_body, changed, message, refused
from msgspec import UNSET

from events.data import MemberAdmitted, TargetAssigned
from events.errors import InvalidFieldError
from events.vocabulary import Reason

FACTS = [name for name, data in FULL.items() if "facets" in data]
REQUIRED = [(name, field) for name, data in BARE.items() for field in data]
OPTIONAL = [(name, field) for name, data in FULL.items() for field in data if field not in BARE[name]]
NO_DATES = ["2023-1-1", "20231101", "2023-02-29", "2023-13-01", "0000-01-01", "2023-11-20\n", "2023-11-20T00:00:00Z", 1]
NO_NUMBERS = [-1, 2**53, 10**30, 1.0, 1.5, "1", True, None]
NO_MOST: dict[str, Any] = {"at_least": {"at_most": ...}, "at_most": {}, "value": {}}
NO_NAMES = ["", "a\x00", "Đa\u0309ng", 7, None]
UNSEEN = ["a\n", "\x1b[0m", "a\x7f", "a\x85b", "\u200b", "x" * 301]
NO_TEXTS = [*NO_NAMES, *UNSEEN[:4]]


def assert_invalid(document: dict[str, Any], field: str, **options: Any) -> None:
    answer = refused(document, **options)
    assert (answer.reason, answer.field) == (Reason.INVALID_FIELD, field)
    assert answer.detail


@pytest.mark.parametrize(("event_type", "field"), REQUIRED)
def test_a_required_field_is_required(event_type: str, field: str) -> None:
    assert_invalid(changed(event_type, **{field: ...}), f"data.{field}")


@pytest.mark.parametrize(("event_type", "field"), REQUIRED + OPTIONAL)
def test_no_field_takes_null_or_a_wrong_type(event_type: str, field: str) -> None:
    assert_invalid(changed(event_type, **{field: None}), f"data.{field}")
    assert_invalid(changed(event_type, **{field: [1]}), f"data.{field}")
    assert_invalid(changed(event_type, **{field: 1.5}), f"data.{field}")


@pytest.mark.parametrize("event_type", FULL)
def test_no_type_takes_an_unknown_field(event_type: str) -> None:
    assert_invalid(changed(event_type, full_name="x"), "data.full_name")


@pytest.mark.parametrize(
    ("event_type", "field"), [(t, f) for t, f in REQUIRED + OPTIONAL if f in ("member", "candidate", "as")]
)
def test_references(event_type: str, field: str) -> None:
    for value in ("a", "A-z_9", "x" * 64):
        accepted(changed(event_type, **{field: value}))
    for value in ("", "x" * 65, "a.b", "a:b", "a b", "é", "a\n", "a\x00"):
        assert_invalid(changed(event_type, **{field: value}), f"data.{field}")


@pytest.mark.parametrize(
    ("event_type", "field"),
    [(t, f) for t, f in REQUIRED + OPTIONAL if f in ("on", "since", "from", "to") or f.endswith("_on")],
)
def test_days(event_type: str, field: str) -> None:
    if (event_type, field) == ("member.transferred", "to"):
        pytest.skip("a unit")
    for value in NO_DATES:
        assert_invalid(changed(event_type, **{field: value}), f"data.{field}")
    if field not in ("from", "to"):
        accepted(changed(event_type, **{field: "0001-01-01"}))
        accepted(changed(event_type, **{field: "9999-12-31"}))


@pytest.mark.parametrize(
    ("event_type", "field"),
    [
        ("member.transferred", "to"),
        ("unit.established", "parent"),
        ("unit.moved", "parent"),
        ("unit.dissolved", "successor"),
    ],
)
def test_named_units(event_type: str, field: str) -> None:
    accepted(changed(event_type, **{field: "0_a-b"}))
    for value in ("", "A", "a.b", "-a", "a\n", "u" * 64, 1):
        assert_invalid(changed(event_type, **{field: value}), f"data.{field}")


@pytest.mark.parametrize(
    ("event_type", "field"),
    [
        ("unit.established", "name"),
        ("unit.renamed", "name"),
        ("target.assigned", "resolution"),
        ("figure.declared", "note"),
        ("event.retracted", "reason"),
    ],
)
def test_texts(event_type: str, field: str) -> None:
    for value in (" ", "Đảng ủy Khối", 'a "b" \\ c', "😀", "\u202eא"):
        assert getattr(accepted(changed(event_type, **{field: value})).data, field) == value
    for value in NO_NAMES if field == "name" else NO_TEXTS:
        assert_invalid(changed(event_type, **{field: value}), f"data.{field}")
    half = as_body(changed(event_type, **{field: "HALF"})).replace(b"HALF", rb"\ud83d")
    answer = refused(half, bus_type=event_type)
    assert (answer.reason, answer.field) == (Reason.INVALID_FIELD, f"data.{field}")


@pytest.mark.parametrize("event_type", ["unit.established", "unit.renamed"])
@pytest.mark.parametrize("name", UNSEEN)
def test_the_log_takes_names_that_no_door_takes(event_type: str, name: str) -> None:
    assert accepted(changed(event_type, name=name)).data.name == name


@pytest.mark.parametrize(
    ("event_type", "field"),
    [("target.assigned", "at_least"), ("target.assigned", "at_most"), ("figure.declared", "value")],
)
def test_numbers(event_type: str, field: str) -> None:
    for value in NO_NUMBERS:
        assert_invalid(changed(event_type, **{field: value}), f"data.{field}")
    for value in (0, 2**53 - 1):
        accepted(
            changed(event_type, **({"at_least": 0} if field == "at_most" else {}), **{field: value, **NO_MOST[field]})
        )


@pytest.mark.parametrize("value", [30, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90])
def test_grades(value: int) -> None:
    accepted(changed("badge.awarded", grade=value))


@pytest.mark.parametrize("value", ["35", "0", "95", "30.0", "3e1", '"30"', "true", "null", "-0", "9" * 5000, "1e999"])
def test_no_grades(value: str) -> None:
    body = as_body(changed("badge.awarded", grade="GRADE")).replace(b'"GRADE"', value.encode())
    answer = refused(body, bus_type="badge.awarded")
    assert (answer.reason, answer.field) == (Reason.INVALID_FIELD, "data.grade")


@pytest.mark.parametrize("value", ["died", "expelled", "struck_off", "resigned"])
def test_reasons_of_departure(value: str) -> None:
    accepted(changed("member.departed", reason=value))
    assert_invalid(changed("member.departed", reason=value.upper()), "data.reason")


@pytest.mark.parametrize(
    ("event_type", "field"),
    [
        ("member.admitted", "readmission"),
        ("badge.awarded", "early"),
        ("badge.awarded", "posthumous"),
        ("candidate.trained", "passed"),
    ],
)
def test_booleans(event_type: str, field: str) -> None:
    for value in (True, False):
        assert getattr(accepted(changed(event_type, **{field: value})).data, field) is value
    for value in (1, 0, "yes", "true", ""):
        assert_invalid(changed(event_type, **{field: value}), f"data.{field}")


CODES = {
    "sex": ["female", "male"],
    "ethnicity": ["kinh", "minority"],
    "religion": ["none", "some"],
    "youth_union": ["yes", "no"],
    "age_band": ["18-30", "31-40", "41-50", "51-60", "over-60"],
    "education": ["lower_secondary", "upper_secondary", "vocational", "college", "bachelor", "master", "doctor"],
    "occupation": [
        "worker",
        "farmer",
        "official",
        "public_employee",
        "armed_forces",
        "business",
        "student",
        "retired",
        "other",
    ],
}


@pytest.mark.parametrize("event_type", FACTS)
@pytest.mark.parametrize("dimension", CODES)
def test_facets(event_type: str, dimension: str) -> None:
    for code in CODES[dimension]:
        event = accepted(changed(event_type, facets={dimension: code}))
        assert getattr(event.data.facets, dimension) == code
    for value in ("unknown", "", f"{CODES[dimension][0]} ", None, True, 1, [], {}):
        assert_invalid(changed(event_type, facets={dimension: value}), f"data.facets.{dimension}")


def test_facets_are_an_object_of_known_dimensions() -> None:
    accepted(changed("member.admitted", facets={}))
    assert_invalid(changed("member.admitted", facets={"grade": "30"}), "data.facets.grade")
    assert_invalid(changed("member.admitted", facets="female"), "data.facets")


@pytest.mark.parametrize("level", ["central", "province", "upper", "grassroots", "section", "cell", "group"])
def test_levels(level: str) -> None:
    accepted(changed("unit.established", level=level))
    accepted(changed("unit.releveled", level=level))
    assert_invalid(changed("unit.releveled", level=f"{level} "), "data.level")


def test_the_root_alone_has_no_parent() -> None:
    orphan = changed("unit.established", parent=None)
    assert_invalid(orphan, "data.parent")
    root = orphan | {"subject": "trung-uong"}
    assert accepted(root).data.parent is None
    assert_invalid(root, "data.parent", root="other")
    accepted(orphan, root="cb-01")
    assert_invalid(message("unit.established", subject="trung-uong"), "data.parent")


def test_a_target_is_for_a_measure_and_a_period() -> None:
    for measure in ("admissions", "trainings", "transfers_in"):
        accepted(changed("target.assigned", measure=measure))
    for measure in ("members", "", "Admissions"):
        assert_invalid(changed("target.assigned", measure=measure), "data.measure")
    accepted(changed("target.assigned", **{"from": "2023-12-31"}))
    assert_invalid(changed("target.assigned", **{"from": "2024-01-01"}), "data.to")
    accepted(changed("target.assigned", at_most=700))
    assert_invalid(changed("target.assigned", at_most=699), "data.at_most")


@pytest.mark.parametrize(
    "stock",
    [
        "members",
        "staff",
        "key_posts",
        "rated_good",
        "rated_excellent",
        "subordinate_units",
        "economic_targets",
        "economic_targets_met",
    ],
)
def test_a_stock_is_declared_on_a_day(stock: str) -> None:
    accepted(changed("figure.declared", figure=stock, value=2**53 - 1))
    assert_invalid(changed("figure.declared", figure=stock, on=...), "data.on")
    assert_invalid(changed("figure.declared", figure=stock, to="2023-12-31"), "data.to")
    assert_invalid(changed("figure.declared", figure=stock, **{"from": "2023-12-31"}), "data.from")


@pytest.mark.parametrize("measure", ["admissions", "confirmations", "badges", "departures", "introductions"])
def test_a_measure_is_declared_for_a_period(measure: str) -> None:
    period = {"figure": measure, "from": "2023-01-01", "to": "2023-01-01", "on": ...}
    accepted(changed("figure.declared", **period))
    assert_invalid(changed("figure.declared", **(period | {"on": "2023-01-01"})), "data.on")
    assert_invalid(changed("figure.declared", **(period | {"from": ...})), "data.from")
    assert_invalid(changed("figure.declared", **(period | {"to": ...})), "data.to")
    assert_invalid(changed("figure.declared", **(period | {"to": "2022-12-31"})), "data.to")


def test_a_figure_is_a_stock_or_a_measure() -> None:
    for figure in ("party_members", "", "Members"):
        assert_invalid(changed("figure.declared", figure=figure), "data.figure")


@pytest.mark.parametrize("event_type", ["access.granted", "access.revoked"])
def test_an_account_is_none_that_a_person_would_have(event_type: str) -> None:
    accepted(changed(event_type, account="a-zzzzzzzz99999999"))
    for account in (
        "a-0123456789abcde",
        "a-0123456789abcdefg",
        "A-0123456789abcdef",
        "a-0123456789ABCDEF",
        "b-0123456789abcdef",
        "a-0123456789abcdef\n",
        "an@tinhuy.example",
        "admin",
        "",
        7,
        None,
    ):
        assert_invalid(changed(event_type, account=account), "data.account")


@pytest.mark.parametrize("event_type", ["access.granted", "access.revoked"])
def test_the_operator_is_one_of_the_root_and_every_other_role_of_any_unit(event_type: str) -> None:
    for role in ("reader", "officer", "clerk", "signer", "keeper"):
        accepted(changed(event_type, role=role))
    for role in ("admin", "Reader", "", None, 1):
        assert_invalid(changed(event_type, role=role), "data.role")
    operator = changed(event_type, role="operator")
    assert_invalid(operator, "data.role")
    assert_invalid(operator | {"subject": "trung-uong"}, "data.role", root="other")
    accepted(operator | {"subject": "trung-uong"})
    accepted(operator, root="cb-01")


def test_a_role_has_a_last_day_or_none_and_what_is_taken_back_has_no_day() -> None:
    accepted(changed("access.granted", until="9999-12-31"))
    accepted(changed("access.granted", until=...))
    assert_invalid(changed("access.granted", until=None), "data.until")
    assert_invalid(changed("access.granted", until="2023-11-20T00:00:00+07:00"), "data.until")
    assert_invalid(changed("access.revoked", until="2023-11-20"), "data.until")
    for event_type in ("access.granted", "access.revoked"):
        assert_invalid(changed(event_type, name="An"), "data.name")


def test_a_retraction_names_an_event() -> None:
    for source in ("/units/", "cb-02", "/units/cb-02\n", "/units/CB"):
        assert_invalid(changed("event.retracted", source=source), "data.source")
    for event_id in ("", "a b", "x" * 65, "a\n"):
        assert_invalid(changed("event.retracted", id=event_id), "data.id")


def test_the_name_of_an_unknown_field_is_made_printable() -> None:
    answer = refused(changed("unit.renamed", **{"họ tên\x00\n\u202e" + "x" * 100: 1}))
    assert answer.field == "data.họ tên\\u0000\\u000a\\u202e" + "x" * 55 + "…"
    half = as_body(changed("unit.renamed", HALF=1)).replace(b"HALF", rb"\udcff")
    assert refused(half, bus_type="unit.renamed").field == "data.\\udcff"


@pytest.mark.parametrize("event_type", FULL)
def test_half_a_surrogate_pair_is_refused_wherever_it_stands(event_type: str) -> None:
    whole = as_body(message(event_type))
    for field, value in FULL[event_type].items():
        if isinstance(value, str):
            body = whole.replace(as_body({field: value})[1:-1], rb'"%s":"\ud800"' % field.encode())
            answer = refused(body, bus_type=event_type)
            assert (answer.reason, answer.field) == (Reason.INVALID_FIELD, f"data.{field}")
    half_a_code = whole.replace(b'"female"', rb'"\udfff"')
    if half_a_code != whole:
        assert refused(half_a_code, bus_type=event_type).field == "data.facets.sex"


def test_data_is_typed_and_what_is_absent_is_unset() -> None:
    data = accepted(message("member.admitted", BARE["member.admitted"])).data
    assert data == MemberAdmitted(member="m-001", decided_on=date(2023, 11, 20))
    assert isinstance(data, MemberAdmitted)
    assert data.ceremony_on is data.readmission is data.facets is UNSET


def test_data_that_breaks_a_rule_of_its_own_cannot_be_made() -> None:
    days = {"from_": date(2023, 1, 2), "to": date(2023, 1, 1)}
    with pytest.raises(InvalidFieldError) as caught:
        TargetAssigned(measure="admissions", at_least=1, resolution="x", **days)
    assert caught.value.field == "to"
