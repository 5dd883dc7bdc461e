"""The same sightings in any order, repeated, in any batches, on any number of threads: the same owners, to the bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.association import Settled, settle
from fusion.identities import Identities
from fusion.joint import Together
from fusion.places import positions
from fusion.sightings import merge
from tests.unit.fusion.reserve_of import RULES, SPAN_S, cameras, columns, roster, sightings

TIMES_S = np.linspace(*SPAN_S, 7)


def same(one: Settled, other: Settled) -> None:
    assert one.sightings.set_hash() == other.sightings.set_hash()
    for field in fields(Identities):
        assert getattr(one.identities, field.name).tobytes() == getattr(other.identities, field.name).tobytes()
    for field in fields(Together):
        assert getattr(one.together, field.name).tobytes() == getattr(other.together, field.name).tobytes()
    for first, second in zip(positions(one, TIMES_S), positions(other, TIMES_S), strict=True):
        assert first.tobytes() == second.tobytes()


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 60), individuals=st.integers(1, 9), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_identities__are_the_same_for_any_order_repetition_batching_and_number_of_threads(
    n: int, individuals: int, seed: int, data: st.DataObject
) -> None:
    made, known, site = columns(n, individuals, seed), roster(individuals, seed), cameras()
    expected = settle(sightings(made, np.arange(n)), known, site, SPAN_S, RULES)
    rng = np.random.default_rng(seed + 1)
    repeats = data.draw(st.integers(0, n), label="repeats")
    delivered = np.concatenate([rng.permutation(n), rng.integers(0, n, repeats)])
    cuts = data.draw(st.lists(st.integers(1, len(delivered)), max_size=4), label="cuts")
    batches = [part for part in np.split(delivered, sorted(cuts)) if len(part)]
    arrived = sightings(made, batches[0])
    for batch in batches[1:]:
        arrived = merge(arrived, sightings(made, batch))
    threads = data.draw(st.sampled_from([1, 2, 3]), label="threads")
    with ThreadPoolExecutor(threads) as pool:
        same(settle(arrived, known, site, SPAN_S, RULES, pool.map), expected)
