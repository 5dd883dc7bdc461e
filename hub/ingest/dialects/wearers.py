"""Which individual wore which tag, as far as the rows of one file tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from hub.ingest.dialects.reading import Claim

_RESOLUTION = timedelta(microseconds=1)


def tag_of(individual: str) -> str:
    """Device key of a tag that a file knows only by the individual that wears it."""
    return f"tag of {individual}"


class _Span(msgspec.Struct):
    first: datetime
    last: datetime
    scientific_name: str


class Wearers:
    """Collects (tag, individual, time) row by row, in any order, and says at the end what the file claims."""

    def __init__(self) -> None:
        self._spans: dict[str, dict[str, _Span]] = {}

    def saw(self, device: str, individual: str, at: datetime, scientific_name: str = "") -> None:
        """One row; an empty individual is a tag that nobody wears."""
        worn = self._spans.setdefault(device, {})
        span = worn.get(individual)
        if span is None:
            worn[individual] = _Span(at, at, scientific_name)
        elif at > span.last:
            span.last = at
        elif at < span.first:
            span.first = at

    def claims(self) -> Iterator[Claim]:
        """A tag with one individual throughout: no interval. Otherwise from its first row to just after its last."""
        for device, worn in self._spans.items():
            for individual, span in sorted(worn.items(), key=lambda item: item[1].first):
                if individual:
                    yield Claim(
                        device=device,
                        device_kind="collar",
                        carrier_kind="individual",
                        carrier=individual,
                        scientific_name=span.scientific_name,
                        valid_from=span.first if len(worn) > 1 else None,
                        valid_to=span.last + _RESOLUTION if len(worn) > 1 else None,
                    )
