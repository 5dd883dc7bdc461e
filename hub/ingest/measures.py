"""What came through the doors, counted for `/metrics`."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram

from hub.ingest.dialects.table import TABLE
from hub.records.receipt import Arrival, Receipt

KNOWN = frozenset({*TABLE, "seen"})
"""Dialects that there are, and what models of the hub say."""
BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)


class IngestMeasures:
    """Observations by door, dialect and outcome, and seconds a batch. A dialect that is none counts as ``unknown``."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self._observations = Counter(
            "rosette_observations",
            "Observations that came, by what became of them.",
            ("door", "dialect", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "rosette_ingest_batch_seconds",
            "Seconds from the arrival of a batch to its commit.",
            buckets=BUCKETS_S,
            registry=registry,
        )

    def took(self, seconds: float, received: Iterable[tuple[Arrival, Receipt]]) -> None:
        """A batch is committed."""
        self._seconds.observe(seconds)
        tally = Tally[tuple[str, str, str]]()
        for arrival, receipt in received:
            # Whoever may publish chooses the name in a topic: it must not become a series.
            key = (arrival.door, arrival.dialect if arrival.dialect in KNOWN else "unknown")
            tally[*key, "accepted"] += receipt.accepted
            tally[*key, "duplicate"] += receipt.duplicate
            tally[*key, "quarantined"] += receipt.quarantined
        for labels, count in tally.items():
            self._observations.labels(*labels).inc(count)
