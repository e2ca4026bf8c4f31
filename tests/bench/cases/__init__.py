"""What is measured, one case a function, in the order of a run: each finds the log as those before it left it."""

from tests.bench.bench import Case
from tests.bench.cases.correctness import correctness
from tests.bench.cases.floors import copying, pushing
from tests.bench.cases.freshness import freshness
from tests.bench.cases.profile import profile
from tests.bench.cases.reports import reports
from tests.bench.cases.rounds import against_copy, establishing, history, loaded, memory, quiet

CASES: list[Case] = [
    establishing,
    history,
    pushing,
    quiet,
    copying,
    against_copy,
    loaded,
    freshness,
    memory,
    reports,
    profile,
    correctness,
]
