"""What of the evidence a fit changes."""

from __future__ import annotations

import numpy as np
import pytest

from geo.frames import LocalFrame
from hub.pipeline.fuse import evidence_of, fuse
from hub.pipeline.history import ROW
from hub.pipeline.movement import Motion
from tests.unit.fusion.simulated import ANIMAL


def test_evidence__a_collars_error_scale_is_not_that_of_a_camera() -> None:
    rows = np.zeros(2, ROW)
    rows["time_s"], rows["longitude"], rows["latitude"] = [0.0, 60.0], 131.4, 43.1
    rows["id"] = np.arange(4).view("V16")
    rows["covariance"], rows["is_fix"] = [100.0, 0.0, 100.0], [True, False]
    evidence = evidence_of(rows, LocalFrame.around(131.4, 43.1), 4.0)
    assert evidence.covariance.tolist() == [[400.0, 0.0, 400.0], [100.0, 0.0, 100.0]]


def test_evidence__of_a_worse_tag_is_that_much_wider() -> None:
    rows = np.zeros(1, ROW)
    rows["covariance"], rows["is_fix"], rows["log_scale"] = [100.0, 0.0, 100.0], True, np.log(2.0)
    evidence = evidence_of(rows, LocalFrame.around(131.4, 43.1), 3.0)
    assert evidence.covariance[0] == pytest.approx([1_200.0, 0.0, 1_200.0])


def test_fuse__of_a_tag_with_heavy_tails_a_wild_fix_is_hardly_believed() -> None:
    rows = np.zeros(60, ROW)
    rows["time_s"] = np.arange(60) * 60.0
    rows["id"] = np.frombuffer(b"".join(k.to_bytes(16, "big") for k in range(60)), "V16")
    rows["longitude"], rows["latitude"], rows["share"] = 131.4, 43.1, 1.0
    rows["covariance"], rows["is_fix"] = [400.0, 0.0, 400.0], True
    rows["longitude"][30] += 150.0 / 81_000.0
    frame, motion = LocalFrame.around(131.4, 43.1), Motion(ANIMAL, 1.0, True)
    believing = fuse(rows, frame, motion, None).track
    rows["tail"] = 0.25
    wary = fuse(rows, frame, motion, None).track
    assert abs(wary.x_m[30]) < 0.7 * abs(believing.x_m[30])
    assert wary.set_hash != believing.set_hash
