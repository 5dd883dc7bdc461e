"""Where something is believed to be now: what a map shows and a live stream carries."""

from __future__ import annotations

from datetime import datetime

import msgspec

from hub.records.finding import Subject
from hub.records.observation import ErrorEllipse


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Last believed place of a subject. The ellipse holds the truth with 95 %.

    observed_at: time of the newest evidence; None for a device that has never spoken. share: how probably that evidence
    is the subject's; 1 of what it carried, and of what it was named in.
    """

    subject: Subject
    name: str
    device: str
    device_kind: str
    longitude: float
    latitude: float
    uncertainty_m: float
    ellipse: ErrorEllipse
    observed_at: datetime | None
    scientific_name: str = ""
    share: float = 1.0
