"""Pictures say what their numbers say: heights and lengths in proportion, the highest below the top."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.pages.charts import HEIGHT, bullet, months, rounded_up

numbers = st.lists(st.none() | st.integers(0, 10**6), min_size=12, max_size=12)


@given(st.integers(0, 10**9))
def test_the_top_is_a_round_number_that_nothing_exceeds(value: int) -> None:
    top = rounded_up(value)
    assert value <= top <= max(1.5 * value, value + 1)
    assert str(top).strip("0") in {"1", "15", "2", "3", "4", "5", "6", "8"}


@given(numbers, numbers)
def test_bars_are_as_high_as_their_numbers(this: list[int | None], last: list[int | None]) -> None:
    chart = months((2023, 2022), (this, last))
    for bar, *values in zip(chart.bars, this, last, strict=True):
        for top, value in zip(bar.tops, values, strict=True):
            if value is None:
                assert top is None
            else:
                assert abs((HEIGHT - top) / HEIGHT - value / chart.most) < 0.001
    assert chart.empty == (not any(this) and not any(last))


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.none() | st.integers(1, 10**6))
def test_a_bullet_passes_its_target_when_the_value_does(value: int, low: int, more: int | None) -> None:
    chart = bullet(value, low, None if more is None else low + more)
    assert 0 <= chart.value <= 100
    assert (chart.value >= chart.low) == (value >= low) or abs(value - low) / chart.most < 0.0001
    assert chart.high is None or chart.high > chart.low or (more or 0) / chart.most < 0.0001
