"""Plans, declared figures, the stock and rates as of a day, by the plainest reading: whole answers in the JSON's form.

Where the JSON names an event there is its position, where it gives a reason there is whether it gives one, and units
are their ids; what is said in words is left out. `UNDECIDED` stands where any value is right.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.oracle.asking import Asked
from tests.oracle.declared import figures
from tests.oracle.oracle import Oracle
from tests.oracle.rates import rates
from tests.oracle.stock import stock
from tests.oracle.targets import allocations, targets


def indicators(oracle: Oracle, unit: str, on: dt.date, basis: str = "as-was") -> dict[str, Any]:
    asked = Asked(oracle, unit, on, basis)
    return {
        "unit": unit,
        "on": str(on),
        "basis": basis,
        "targets": (found := targets(asked)),
        "targets_reason": not found,
        "figures": figures(asked),
        "stock": stock(asked),
        "rates": rates(asked),
    }


def allocated(oracle: Oracle, unit: str, on: dt.date, basis: str = "as-was") -> dict[str, Any]:
    found = allocations(Asked(oracle, unit, on, basis))
    return {"unit": unit, "on": str(on), "basis": basis, "targets": found, "reason": not found}
