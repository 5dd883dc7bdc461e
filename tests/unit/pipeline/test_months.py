"""Months of a subject's rows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hub.pipeline.history import ROW
from hub.pipeline.months import months_of


@given(st.floats(-1e9, 4e9))
def test_month_of_one_row__is_that_of_the_calendar_before_and_after_1970(time_s: float) -> None:
    rows = np.zeros(1, ROW)
    rows["time_s"], rows["covariance"] = time_s, [9.0, 0.0, 9.0]
    (month,) = months_of(rows, np.array([0]), 1.0)
    moment = np.datetime64(int(np.floor(time_s)), "s").astype("datetime64[M]").item()
    assert month == moment


def test_months__of_many_rows_are_those_of_each_and_the_one_after() -> None:
    rows = np.zeros(3, ROW)
    rows["time_s"] = [datetime(2026, month, 5, tzinfo=UTC).timestamp() for month in (1, 2, 4)]
    rows["covariance"] = [9.0, 0.0, 9.0]
    assert set(months_of(rows, np.array([0]), 1.0)) == {date(2026, 1, 1), date(2026, 2, 1)}
    assert set(months_of(rows, np.array([0, 1]), 1.0)) == {date(2026, 1, 1), date(2026, 2, 1), date(2026, 4, 1)}
