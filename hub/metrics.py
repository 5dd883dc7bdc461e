"""Numbers of the running hub for Prometheus: looked up when somebody asks, not kept up to date in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hub.console.feeds import Feeds
from hub.ingest.mqtt import MqttDoor
from hub.records.errors import Unavailable
from hub.see.seeing import Seeing
from hub.state import HubVitals
from hub.store import looks, outbox
from hub.store.database import Database

MOST_CAMERAS = 100
"""With most unreadable pictures: each is a series of its own."""


class HubMetrics(Collector):
    """`refresh` looks, `collect` tells. What the database knows is left out while it does not answer."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        database: Database,
        door: MqttDoor,
        feeds: Feeds,
        vitals: HubVitals,
    ) -> None:
        self._database = database
        self._door = door
        self._feeds = feeds
        self._vitals = vitals
        self._found: list[Metric] = []
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """Nothing is known before the first look."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """What the last look found."""
        return self._found

    async def refresh(self) -> None:
        """Look now."""
        mqtt = self._vitals.mqtt()
        states = {site: await self._vitals.pipeline(site) for site in sorted(self._feeds.sites)}
        lag_s = {site: state.lag_s for site, state in states.items() if state is not None}
        steps = dict(sorted(self._feeds.steps.items()))
        idle = self._database.pool.get_idle_size()
        pool = {"idle": idle, "used": self._database.pool.get_size() - idle}
        doors = self._vitals.picture_doors
        handed = {(one.name, outcome): float(count) for one in doors for outcome, count in one.counts.items()}
        streams = {(one.stream.site, one.stream.device): float(one.connected) for one in self._vitals.streams}
        found = [
            _gauge("rosette_mqtt_connected", "1 while the hub follows the broker.", mqtt.connected),
            _counter("rosette_mqtt_messages", "Messages taken from the broker.", self._door.received),
            _gauge("rosette_mqtt_unacknowledged", "Messages received and not yet committed.", mqtt.lag),
            _gauge("rosette_pipeline_lag_seconds", "Age of the oldest change not followed yet.", lag_s, "site"),
            _counter("rosette_pipeline_steps", "Batches of changes that were followed.", steps, "site"),
            _gauge("rosette_live_listeners", "Open live streams.", self._feeds.listeners),
            _gauge("rosette_database_connections", "Connections of the pool.", pool, "state"),
            _gauge(
                "rosette_pictures_door_connected",
                "1 while a door for pictures can receive any.",
                {one.name: float(one.connected) for one in doors},
                "door",
            ),
            _gauge(
                "rosette_pictures_door_waiting",
                "Pictures, mails or lost streams that wait at a door.",
                {one.name: one.waiting for one in doors},
                "door",
            ),
            _counter(
                "rosette_pictures", "Pictures that came by a door, by what became of them.", handed, "door", "outcome"
            ),
            _gauge("rosette_stream_connected", "1 while a stream gives frames.", streams, "site", "device"),
        ]
        try:
            waiting = await outbox.waiting(self._database)
            pictures, unreadable = (
                await looks.waiting(self._database),
                await looks.unreadable(self._database, MOST_CAMERAS),
            )
        except Unavailable:
            pass
        else:
            found.append(_gauge("rosette_outbox_waiting", "Tellings not delivered yet.", waiting))
            found += _of_queue(pictures, unreadable)
        self._found = found + _of_looks(self._vitals.seeing)


def _of_looks(seeing: Seeing) -> list[Metric]:
    """How looking at pictures goes, since the start."""
    spent_s = {step: ms / 1000 for step, ms in sorted(seeing.spent_ms.items())}
    outcomes = dict(sorted(seeing.looked.items()))
    return [
        _gauge("rosette_detector_active", "1 while a model looks at pictures.", seeing.model is not None),
        _counter("rosette_pictures_looked", "Pictures that were looked at.", outcomes, "outcome"),
        _counter("rosette_pictures_look_seconds", "Processor time of looking at them.", spent_s, "step"),
        _counter("rosette_pictures_deaths", "Processes that ended while they looked.", seeing.deaths),
    ]


def _of_queue(waiting: Iterable[looks.Waits], unreadable: Iterable[tuple[str, str, int]]) -> list[Metric]:
    """What waits to be looked at, and what could not be read, by the database."""
    now = datetime.now(UTC)
    count: dict[str, float] = dict.fromkeys(looks.LANES, 0.0)
    age_s: dict[str, float] = dict.fromkeys(looks.LANES, 0.0)
    for one in waiting:
        count[one.lane] += one.pictures
        age_s[one.lane] = max(age_s[one.lane], (now - one.oldest).total_seconds())
    per_camera = GaugeMetricFamily("rosette_pictures_unreadable", "Pictures in quarantine.", labels=["site", "device"])
    for site, device, number in unreadable:
        per_camera.add_metric([site, device], number)
    return [
        _gauge("rosette_pictures_waiting", "Pictures that wait to be looked at.", count, "lane"),
        _gauge("rosette_pictures_oldest_waiting_seconds", "Since when the oldest of them waits.", age_s, "lane"),
        per_camera,
    ]


Values = float | Mapping[str, float] | Mapping[tuple[str, ...], float]


def _gauge(name: str, text: str, value: Values, *labels: str) -> Metric:
    return _filled(GaugeMetricFamily(name, text, labels=labels), value)


def _counter(name: str, text: str, value: Values, *labels: str) -> Metric:
    return _filled(CounterMetricFamily(name, text, labels=labels), value)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, value: Values) -> Metric:
    if isinstance(value, Mapping):
        for name, one in value.items():
            family.add_metric([name] if isinstance(name, str) else name, one)
    else:
        family.add_metric([], value)
    return family
