"""How many examples the property tests try: few and always the same ones by default, many new ones on request.

`TONGHOP_PROPERTY_EXAMPLES=5000 python -m pytest tests/property` is the long run; `test_more_examples`, one of the
long tests, tries some new ones each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

LONG = int(os.environ.get("TONGHOP_PROPERTY_EXAMPLES", "0"))


def examples(number: int) -> settings:
    """Try a quarter as many examples, always the first of the same ones, or as many as the long run asks for."""
    return settings(
        max_examples=LONG or max(number // 4, 2),
        derandomize=not LONG,
        database=None,
        deadline=None,
        # A seed has no smaller form that is like it: `smallest` makes the log smaller instead.
        phases=[Phase.generate],
        # One database serves all examples of a test: each example empties it.
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
