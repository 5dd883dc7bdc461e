"""The same evidence in any order, repeated, in any batches, ends in the same track, to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.evidence import Evidence, keys_from, merge
from fusion.motion import PARAMETERS
from fusion.tracks import Checkpoint, Track, smooth

COLUMNS = ("time_s", "x_m", "y_m", "covariance", "vx_mps", "vy_mps", "weight", "keys")


def scattered(n: int, seed: int) -> dict[str, np.ndarray]:
    """Fixes with ties in time, spikes, ellipses and disbelief: the cases where order could creep in."""
    rng = np.random.default_rng(seed)
    x, y = np.cumsum(rng.normal(0, 200.0, (2, n)), axis=1)
    x[rng.random(n) < 0.05] += 30_000.0
    sd = rng.uniform(5.0, 400.0, (2, n))
    return {
        "time_s": np.floor(np.cumsum(rng.exponential(1800.0, n)) / 900.0) * 900.0,
        "x_m": x,
        "y_m": y,
        "covariance": np.stack([sd[0] ** 2, rng.uniform(-0.9, 0.9, n) * sd[0] * sd[1], sd[1] ** 2], axis=1),
        "keys": keys_from([rng.bytes(16) for _ in range(n)]),
        "weight": np.where(rng.random(n) < 0.1, 0.0, 1.0),
    }


def of(columns: dict[str, np.ndarray], rows: np.ndarray) -> Evidence:
    return Evidence.canonical(**{name: column[rows] for name, column in columns.items()})


def assert_same(one: Track, other: Track) -> None:
    assert one.set_hash == other.set_hash
    assert one.configuration_hash == other.configuration_hash
    for name in COLUMNS:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 400), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_track__is_the_same_for_any_order_repetition_and_batching(n: int, seed: int, data: st.DataObject) -> None:
    columns = scattered(n, seed)
    drift = data.draw(st.sampled_from([0.0, 5.0]), label="drift")
    parameters = replace(PARAMETERS["leopard"], centre_drift_m2_s=drift)
    expected, _ = smooth(of(columns, np.arange(n)), parameters)
    rng = np.random.default_rng(seed + 1)
    disorder = data.draw(st.sampled_from([0, 3, 40, 10_000]), label="disorder")
    repeats = data.draw(st.integers(0, n), label="repeats")
    delivered = np.argsort(np.arange(n) + rng.uniform(0, disorder + 1e-9, n), kind="stable")
    delivered = np.insert(delivered, rng.integers(0, n, repeats), rng.integers(0, n, repeats))
    cuts = data.draw(st.lists(st.integers(0, len(delivered)), max_size=8), label="cuts")
    evidence = of(columns, np.arange(0))
    checkpoint: Checkpoint | None = None
    track, _ = smooth(evidence, parameters)
    for batch in np.split(delivered, sorted(cuts)):
        evidence, _ = merge(evidence, of(columns, batch))
        track, checkpoint = smooth(evidence, parameters, checkpoint)
    assert_same(track, expected)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 300), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_merge__first_changed_row_is_where_the_rows_begin_to_differ(n: int, seed: int, data: st.DataObject) -> None:
    columns = scattered(n, seed)
    is_late = np.random.default_rng(seed).random(n) < data.draw(st.sampled_from([0.0, 0.01, 0.5]))
    known = of(columns, np.flatnonzero(~is_late))
    merged, changed = merge(known, of(columns, np.flatnonzero(is_late)))
    assert merged.set_hash() == of(columns, np.arange(n)).set_hash()
    assert merged.rows()[:changed].tobytes() == known.rows()[:changed].tobytes()
    assert changed == len(known) or merged.rows()[changed].tobytes() != known.rows()[changed].tobytes()


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 300), seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(sorted(PARAMETERS)))
def test_covariance__is_positive_definite_everywhere_on_the_track(n: int, seed: int, kind: str) -> None:
    track, _ = smooth(of(scattered(n, seed), np.arange(n)), PARAMETERS[kind])
    xx, xy, yy = track.covariance.T
    assert (xx > 0).all()
    assert (xx * yy - xy * xy > 0).all()
    assert np.isfinite(np.stack([track.x_m, track.y_m, track.vx_mps, track.vy_mps])).all()
