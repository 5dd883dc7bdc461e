"""What the blind audit of a site amounts to: from where on it is trusted, how far probabilities come true. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np

from fusion.camera.audit import Checked, Rate, audited, calibration_error, parted, reliability, wilson
from fusion.camera.calibrate import fitted_isotonic
from fusion.camera.taxonomy import BLANK, Taxonomy
from hub.records.sequence import SequenceVerdict


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """So many of `of`, with the 95 % interval; `share` null where there was none."""

    of: int
    share: float | None
    low: float
    high: float


class LabelAudit(msgspec.Struct, frozen=True, kw_only=True):
    """Of one label: precision and recall, and the probability from which on it needs no person (null: not proved)."""

    label: str
    precision: Share
    recall: Share
    accept_from: float | None


class ReliabilityRow(msgspec.Struct, frozen=True, kw_only=True):
    """Answers between two probabilities: what was promised on average, and what was right."""

    low: float
    high: float
    count: int
    probability: float
    right: float


class LightAudit(msgspec.Struct, frozen=True, kw_only=True):
    """How far probabilities come true at one camera, by day or by infrared."""

    device: str
    infrared: bool
    count: int
    right: Share
    calibration_error: float


class AuditFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `knots`: a calibration that would make the probabilities of animals come true, for the site's text."""

    sequences: int
    answers: int
    labels: list[LabelAudit]
    calibration_error: float
    reliability: list[ReliabilityRow]
    cameras: list[LightAudit]
    knots: list[tuple[float, float]]


def checked_of(verdicts: Iterable[SequenceVerdict], taxonomy: Taxonomy) -> list[Checked]:
    """What the machine had said of sequences that people looked at blindly, beside what they said.

    An answer is right where a person said it or something below it: who says Cervidae of a sika deer is not wrong. What
    a person saw and the machine did not name counts as called blank, so that recall tells of it.
    """
    found: list[Checked] = []
    for one in verdicts:
        truths = [taxonomy.taxon(said.label) for said in one.said] or [BLANK]
        met: set[str] = set()
        for entry in one.machine:
            match = next((truth for truth in truths if entry.label in taxonomy.lineage(truth)), None)
            if match is not None:
                met.add(match)
            truth = entry.label if match is not None else truths[0]
            found.append(Checked(entry.label, min(entry.probability, 1.0), truth, one.device, one.infrared))
        found += [
            Checked(BLANK, 0.0, truth, one.device, one.infrared)
            for truth in truths
            if truth not in met and len(truths) > 1
        ]
    return found


def trusted_from(checked: list[Checked], wanted: float) -> Mapping[str, float]:
    """Label -> probability from which on its answers need no person; a label that is not proved is not there."""
    return {one.label: one.accept_from for one in audited(checked, wanted) if one.accept_from is not None}


def figures(sequences: int, checked: list[Checked], wanted: float, taxonomy: Taxonomy) -> AuditFigures:
    """The figures of an audit of so many sequences."""
    by_camera = parted(checked, lambda one: (one.camera, one.infrared))
    return AuditFigures(
        sequences=sequences,
        answers=len(checked),
        labels=[
            LabelAudit(
                label=one.label,
                precision=_share(one.precision),
                recall=_share(one.recall),
                accept_from=one.accept_from,
            )
            for one in audited(checked, wanted)
        ],
        calibration_error=round(calibration_error(checked), 4),
        reliability=[
            ReliabilityRow(
                low=row.low,
                high=row.high,
                count=row.count,
                probability=round(row.probability, 4),
                right=round(row.right, 4),
            )
            for row in reliability(checked)
        ],
        cameras=[_camera(device, infrared, part) for (device, infrared), part in sorted(by_camera.items())],
        knots=_knots([one for one in checked if one.label in taxonomy.ranks]),
    )


LEAST_FITTED = 300
"""A calibration from fewer answers would be one of chance."""


def _knots(animals: list[Checked]) -> list[tuple[float, float]]:
    if len(animals) < LEAST_FITTED or len({one.probability for one in animals}) < 2:
        return []
    scores = np.array([one.probability for one in animals])
    knots = fitted_isotonic(scores, np.array([one.right for one in animals]))
    return [(round(score, 4), round(p, 4)) for score, p in knots]


def _camera(device: str, infrared: bool, part: list[Checked]) -> LightAudit:
    return LightAudit(
        device=device,
        infrared=infrared,
        count=len(part),
        right=_share(wilson(sum(one.right for one in part), len(part))),
        calibration_error=round(calibration_error(part), 4),
    )


def _share(rate: Rate) -> Share:
    share = round(rate.share, 4) if rate.of else None
    return Share(of=rate.of, share=share, low=round(rate.low, 4), high=round(rate.high, 4))
