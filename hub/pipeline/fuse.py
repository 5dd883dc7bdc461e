"""Step: evidence → track of an individual, in the site's metres; a pure function of the set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fusion.ellipse import ellipse_from_covariance
from fusion.evidence import Evidence
from fusion.motion import MODEL, MotionParameters, parameters_for
from fusion.scale import scaled
from fusion.tracks import Checkpoint, Track, quantise
from fusion.wary import smooth_wary
from geo.frames import LocalFrame
from hub.pipeline.history import Rows
from hub.pipeline.movement import ANYWHERE_M, Motion, parameters_of
from hub.pipeline.shares import LIKELY
from hub.store.tracks import Segment

CONFIGURATION = f"{MODEL}/8"
# Subjects without a movement model, and how they stray: about a kilometre in an hour.
WALKING = frozenset({"person", "vehicle", "device"})
WALKING_M2_S = 300.0


def spread_of(words: frozenset[str]) -> float:
    """How fast the place of one who is not seen becomes uncertain, in m2/s along each axis.

    Of an animal 2 s^2 / t of its movement model (Ornstein-Uhlenbeck at short times), of people as if they walked.
    """
    if not words.isdisjoint(WALKING):
        return WALKING_M2_S
    known = [parameters_of(word) for word in sorted(words) if word != "individual"]
    one = known[0] if known else parameters_for("default")
    return 2.0 * one.sigma_m**2 / one.tau_position_s


def fuse(rows: Rows, frame: LocalFrame, motion: Motion, checkpoint: Checkpoint | None) -> Checkpoint:
    """Smooth all rows, in canonical order; the checkpoint of the last time saves work and changes nothing else."""
    evidence = evidence_of(rows, frame, motion.error_factor)
    # How far it ranges is not asked of what is probably another's.
    likely = rows["share"] >= LIKELY
    mine = evidence if likely.all() else evidence_of(rows[likely], frame, motion.error_factor)
    return smooth_wary(evidence, sized(motion, mine), rows["tail"], checkpoint)


def evidence_of(rows: Rows, frame: LocalFrame, error_factor: float = 1.0) -> Evidence:
    """Rows as evidence in the site's metres; the covariances of fixes, which are what was fitted to, times a factor.

    And times what the tag of each is off by, as fitted.
    """
    x, y = frame.to_metres(rows["longitude"], rows["latitude"])
    factor = np.where(rows["is_fix"], error_factor, 1.0) * np.exp(2.0 * rows["log_scale"])
    covariance = rows["covariance"] * factor[:, None]
    return Evidence.canonical(rows["time_s"], x, y, covariance, np.ascontiguousarray(rows["id"]))


def sized(motion: Motion, evidence: Evidence) -> MotionParameters:
    """Fitted parameters as they are; assumed ones in the size that the animal's own fixes have."""
    if motion.is_fitted:
        return motion.parameters
    return replace(scaled(motion.parameters, evidence), centre_sd_m=ANYWHERE_M)


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """One month of a track as it is stored: little-endian int64 columns and the ids of the observations."""

    time_ms: bytes
    x_cm: bytes
    y_cm: bytes
    sd_x_cm: bytes
    sd_y_cm: bytes
    correlation_permille: bytes
    keys: bytes
    # In ten thousandths; empty where all of it is certain.
    share: bytes = b""


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Columns).decode


def segments_of(track: Track, share: NDArray[np.float64]) -> list[Segment]:
    """A track with the share f8[n] of each point, cut at the months (UTC), packed; equal tracks give equal bytes."""
    whole = quantise(track)
    months = (whole.time_ms // 1000).astype("datetime64[s]").astype("datetime64[M]")
    starts = np.flatnonzero(np.append(True, months[1:] != months[:-1])) if len(months) else np.empty(0, np.int64)
    certain = share == 1.0
    out: list[Segment] = []
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(months)], strict=True):
        part = slice(start, stop)
        columns = Columns(
            time_ms=_bytes(whole.time_ms[part]),
            x_cm=_bytes(whole.x_cm[part]),
            y_cm=_bytes(whole.y_cm[part]),
            sd_x_cm=_bytes(whole.sd_x_cm[part]),
            sd_y_cm=_bytes(whole.sd_y_cm[part]),
            correlation_permille=_bytes(whole.correlation_permille[part]),
            keys=np.ascontiguousarray(track.keys[part]).tobytes(),
            share=b"" if certain[part].all() else _bytes(np.rint(share[part] * SHARE_UNIT).astype(np.int64)),
        )
        month: date = months[start].astype(date)
        first_at, last_at = (_instant(int(whole.time_ms[k])) for k in (start, stop - 1))
        out.append(Segment(month, first_at, last_at, _pack(columns)))
    return out


SHARE_UNIT = 10_000


def _bytes(column: NDArray[np.int64]) -> bytes:
    return column.astype("<i8").tobytes()


def _instant(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a track as a map draws it; ellipses hold the truth with 95 %. share: how much of each is its."""

    time: list[float]
    longitude: list[float]
    latitude: list[float]
    semi_major_m: list[float]
    semi_minor_m: list[float]
    orientation_deg: list[float]
    observation: list[str]
    share: list[float]


def points_of(segments: list[Segment], frame: LocalFrame, since: datetime, until: datetime) -> Points:
    """Unpack segments and keep [since, until)."""
    parts = [_unpack(segment.columns) for segment in segments]

    def column(name: str) -> NDArray[np.float64]:
        joined = b"".join(getattr(part, name) for part in parts)
        return np.frombuffer(joined, "<i8").astype(np.float64)

    time = column("time_ms") / 1e3
    keep = (time >= since.timestamp()) & (time < until.timestamp())
    sd_x, sd_y = column("sd_x_cm")[keep] / 1e2, column("sd_y_cm")[keep] / 1e2
    cross = column("correlation_permille")[keep] / 1e3 * sd_x * sd_y
    ellipse = ellipse_from_covariance(np.stack([sd_x**2, cross, sd_y**2], axis=1))
    longitude, latitude = frame.to_degrees(column("x_cm")[keep] / 1e2, column("y_cm")[keep] / 1e2)
    keys = np.frombuffer(b"".join(part.keys for part in parts), "V16")[keep]
    certain = np.int64(SHARE_UNIT)
    share = [np.frombuffer(p.share, "<i8") if p.share else np.full(len(p.time_ms) // 8, certain) for p in parts]
    return Points(
        time=time[keep].tolist(),
        longitude=np.round(longitude, 6).tolist(),
        latitude=np.round(latitude, 6).tolist(),
        semi_major_m=np.round(ellipse.semi_major_m, 1).tolist(),
        semi_minor_m=np.round(ellipse.semi_minor_m, 1).tolist(),
        orientation_deg=np.round(ellipse.orientation_deg, 1).tolist(),
        observation=[_hex(key) for key in keys],
        share=(np.concatenate(share)[keep] / SHARE_UNIT).tolist() if share else [],
    )


def _hex(key: Any) -> str:
    text = key.tobytes().hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
