"""A database that was filled with the catalogue of version 1: its figures stay, and what comes since is counted beside.

What was refused then is counted by a rebuild, which shows it before it is put in force.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from projections.store.schema.migrate import upgrade
from services.settings import Settings
from services.verification.rebuilding import rebuild
from services.verification.verifying import verify
from tests.integration.catalogue.of_before import AFTER, BEFORE, LOGS, UNKNOWN_THEN, ask, figures, project
from tests.integration.catalogue.program import program_in, run_in
from tests.integration.test_verify import quietly
from tests.property.system import SIZES

VERSION_1 = (
    (
        "catalogue.py",
        'EventType("member.restored", "fact", MemberRestored, day=("on",), counts=(Count("restorations", stock=1),)),',
        "",
    ),
    ("catalogue.py", ', person="as_")', ")"),
    ("vocabulary.py", ', "not_confirmed"]', "]"),
    ("data.py", '    as_: Reference | UnsetType = field(name="as", default=UNSET)\n', ""),
)
ALL = "/v1/units/tinh/report?from=2023-01-01&to=2023-12-31&measures=restorations,departures,trainings,transfers_out"
STOCK = "/v1/units/tinh/indicators?on=2023-12-31"


@pytest.fixture(scope="module")
def version_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return program_in(tmp_path_factory.mktemp("version-1"), VERSION_1)


async def test_figures_of_before_stay_and_what_comes_since_is_counted_beside(version_1: Path, database: str) -> None:
    then = run_in(version_1, "tests.integration.catalogue.of_before", database, "plain")
    await upgrade(database)
    assert await figures(database) == then
    await project(database, (*BEFORE, *AFTER))
    done = await verify(Settings(database_url=database), quietly, sizes=SIZES)
    assert not done.comparison, done.comparison
    by_reason, by_passed, plans = await ask(database, f"{ALL}&by=facet:reason", f"{ALL}&by=facet:passed", STOCK)
    assert by_reason["total"] == {"restorations": 4, "departures": 8, "trainings": 10, "transfers_out": 2}
    reasons = {row["code"]: row["values"]["departures"] for row in by_reason["rows"] if row["values"]["departures"]}
    assert reasons == {"died": 3, "resigned": 2, "not_confirmed": 3}
    passed = {row["code"]: row["values"]["trainings"] for row in by_passed["rows"] if row["values"]["trainings"]}
    assert passed == {"yes": 5, "no": 5}
    assert plans["stock"]["computed"] == 100 + 5 + 4 - 8 - 2 + 1


@pytest.mark.long
async def test_what_was_refused_then_is_counted_by_a_rebuild_that_is_accepted(version_1: Path, database: str) -> None:
    then = run_in(version_1, "tests.integration.catalogue.of_before", database, "ahead")
    await upgrade(database)
    assert await figures(database) == then
    refused = [(event["id"], event["reason"], event["field"]) for event in next(iter(then[-1].values()))]
    assert sorted(refused) == [
        ("n-early", "invalid_field", "data.reason"),
        ("r-early", "unknown_type", "type"),
        ("x-early", "invalid_field", "data.as"),
    ]
    settings = Settings(database_url=database)
    shown = await rebuild(settings, quietly, sizes=SIZES)
    assert (shown.switched, shown.comparison.counts["verdict"]) == (None, len(UNKNOWN_THEN))
    assert await figures(database) == then
    assert (await rebuild(settings, quietly, sizes=SIZES, accept=True)).switched is not None
    (report,) = await ask(database, f"{ALL}&by=none")
    assert report["total"] == {"restorations": 1, "departures": 7, "trainings": 6, "transfers_out": 2}
    assert report["position"] == len(LOGS["ahead"])
    assert not (await verify(settings, quietly, sizes=SIZES)).comparison
