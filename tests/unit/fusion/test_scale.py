from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.scale import median


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_median__is_numpys_to_the_bit(values: list[float]) -> None:
    assert median(np.array(values)) == float(np.median(np.array(values)))
