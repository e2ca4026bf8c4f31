"""What is measured, one case a function, in the order of a run: each finds the log as those before it left it."""

from collections.abc import Collection

from tests.bench.bench import Case
from tests.bench.cases.access import access
from tests.bench.cases.correctness import correctness
from tests.bench.cases.filled import emptied, filled
from tests.bench.cases.floors import copying, pushing
from tests.bench.cases.freshness import freshness
from tests.bench.cases.indicators import indicators
from tests.bench.cases.intake import intake
from tests.bench.cases.mixture import mixture
from tests.bench.cases.moves import moves
from tests.bench.cases.outage import outage
from tests.bench.cases.pages import listening, pages
from tests.bench.cases.peers import peers
from tests.bench.cases.position import position
from tests.bench.cases.profile import profile
from tests.bench.cases.rebuild import rebuild
from tests.bench.cases.reform import reform
from tests.bench.cases.reports import reports
from tests.bench.cases.rounds import against_copy, establishing, history, loaded, memory, quiet
from tests.bench.cases.sending import sending
from tests.bench.cases.silence import silence

_BEFORE: tuple[Case, ...] = (establishing, history)
_AFTER: tuple[Case, ...] = (memory, correctness, emptied)

CASES: dict[str, tuple[Case, ...]] = {
    "live": (pushing, quiet, copying, against_copy),
    "intake": (intake,),
    "peers": (peers,),
    "read": (loaded,),
    "sending": (sending,),
    "freshness": (freshness,),
    "outage": (outage,),
    "reports": (reports,),
    "access": (access,),
    "mixture": (mixture,),
    "plans": (silence, indicators),
    "pages": (listening, pages),
    "profile": (profile,),
    "moves": (moves,),
    "reform": (reform,),
    "position": (filled, position),
    "rebuild": (filled, rebuild),
}
"""By the name under which they can be chosen; the reform ends units that facts of later cases would be about."""


def chosen(names: Collection[str] = tuple(CASES)) -> list[Case]:
    """List the cases with these names in their order, after the hierarchy and its history and before the checks."""
    return [*_BEFORE, *(case for name, cases in CASES.items() if name in names for case in cases), *_AFTER]
