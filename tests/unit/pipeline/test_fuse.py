"""What of the evidence a fit changes."""

from __future__ import annotations

import numpy as np

from geo.frames import LocalFrame
from hub.pipeline.fuse import evidence_of
from hub.pipeline.history import ROW


def test_evidence__a_collars_error_scale_is_not_that_of_a_camera() -> None:
    rows = np.zeros(2, ROW)
    rows["time_s"], rows["longitude"], rows["latitude"] = [0.0, 60.0], 131.4, 43.1
    rows["id"] = np.arange(4).view("V16")
    rows["covariance"], rows["is_fix"] = [100.0, 0.0, 100.0], [True, False]
    evidence = evidence_of(rows, LocalFrame.around(131.4, 43.1), 4.0)
    assert evidence.covariance.tolist() == [[400.0, 0.0, 400.0], [100.0, 0.0, 100.0]]
