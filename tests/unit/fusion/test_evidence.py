from __future__ import annotations

import numpy as np
import pytest

from fusion.evidence import BLOCK, Evidence, block_hashes, keys_from, merge


def fixes(times: list[float], ids: list[int], x_m: float = 0.0, weight: list[float] | None = None) -> Evidence:
    keys = keys_from([one.to_bytes(16, "big") for one in ids])
    n = len(times)
    return Evidence.canonical(times, np.full(n, x_m), np.zeros(n), np.tile([9.0, 0.0, 9.0], (n, 1)), keys, weight)


def test_canonical__order_is_time_then_content_id() -> None:
    evidence = fixes([20, 10, 10], [1, 258, 7])
    assert evidence.time_s.tolist() == [10, 10, 20]
    assert [bytes(key)[-2:] for key in evidence.keys] == [b"\x00\x07", b"\x01\x02", b"\x00\x01"]


def test_canonical__ids_order_as_bytes_even_with_the_high_bit_set() -> None:
    ids = [b"\xff" + bytes(15), b"\x01" + bytes(15), bytes(15) + b"\xff"]
    evidence = Evidence.canonical([5] * 3, [0] * 3, [0] * 3, [[1, 0, 1]] * 3, keys_from(ids))
    assert [bytes(key) for key in evidence.keys] == sorted(ids)


def test_canonical__a_fix_delivered_twice_counts_once() -> None:
    assert len(fixes([10, 20, 10], [1, 2, 1])) == 2


def test_canonical__of_two_rows_with_one_id_the_same_stays_whatever_came_first() -> None:
    one, other = fixes([10], [1], x_m=5.0), fixes([12], [1], x_m=3.0)
    assert merge(one, other)[0].set_hash() == merge(other, one)[0].set_hash()
    assert merge(one, other)[0].time_s.tolist() == [10]


def test_canonical__minus_zero_is_zero() -> None:
    assert fixes([10], [1], x_m=-0.0).set_hash() == fixes([10], [1], x_m=0.0).set_hash()


@pytest.mark.parametrize(
    ("x_m", "covariance", "weight", "says"),
    [
        (np.nan, [1, 0, 1], 1.0, "not finite"),
        (0.0, [1, 1, 1], 1.0, "positive definite"),
        (0.0, [-1, 0, -1], 1.0, "positive definite"),
        (0.0, [1, 0, 1], 1.5, "0..1"),
        (0.0, [1, 0], 1.0, "shape"),
    ],
)
def test_canonical__a_row_that_means_nothing_is_refused(
    x_m: float, covariance: list[float], weight: float, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Evidence.canonical([0], [x_m], [0], [covariance], keys_from([bytes(16)]), [weight])


def test_keys__a_content_id_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        keys_from([b"short"])


def test_evidence__cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        fixes([10], [1]).x_m[0] = 1.0


def test_merge__tells_the_first_row_that_changed() -> None:
    known = fixes([10, 20, 30], [1, 2, 3])
    assert merge(known, fixes([25], [4]))[1] == 2
    assert merge(known, fixes([40], [4]))[1] == 3
    assert merge(known, fixes([5], [4]))[1] == 0


def test_merge__of_what_is_known_changes_nothing() -> None:
    known = fixes([10, 20, 30], [1, 2, 3])
    merged, changed = merge(known, fixes([20], [2]))
    assert changed == len(known) == len(merged)
    assert merged.set_hash() == known.set_hash()


def test_set_hash__tells_every_column_apart() -> None:
    same = fixes([10], [1]).set_hash()
    others = [fixes([11], [1]), fixes([10], [2]), fixes([10], [1], x_m=1.0), fixes([10], [1], weight=[0.0])]
    assert same not in {other.set_hash() for other in others}
    assert same == fixes([10], [1]).set_hash()


def test_block_hashes__continue_from_the_blocks_already_known() -> None:
    n = 3 * BLOCK + 5
    evidence = fixes([float(k) for k in range(n)], list(range(n)))
    whole = block_hashes(evidence)
    assert len(whole) == 4
    assert block_hashes(evidence, whole[:2]) == whole
    assert evidence.set_hash() == whole[-1]
