"""What the running hub can say about itself."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.console.feeds import Feeds
from hub.console.vitals import DetectorState, Door, DrillState, PipelineState
from hub.drill.run import Drill
from hub.ingest.cameras.door import DoorState
from hub.ingest.cameras.doors import CameraDoors
from hub.ingest.cameras.streams import StreamState
from hub.ingest.mqtt import MqttDoor
from hub.records.errors import NotFound, Unavailable
from hub.see.seeing import Seeing


class HubVitals:
    """Answers the questions of `/health` and of the console's status line."""

    def __init__(
        self, door: MqttDoor, feeds: Feeds, drill: Drill | None, seeing: Seeing, doors: CameraDoors | None = None
    ) -> None:
        self._door = door
        self._feeds = feeds
        self._drill = drill
        self.seeing = seeing
        self._doors = doors

    def mqtt(self) -> Door:
        """The broker's door."""
        return Door(connected=self._door.connected, lag=self._door.unacknowledged)

    def doors(self) -> dict[str, Door]:
        """The doors for pictures that the settings open."""
        return {one.name: Door(connected=one.connected, lag=one.waiting) for one in self.picture_doors}

    @property
    def picture_doors(self) -> list[DoorState]:
        """How each of them is."""
        return self._doors.states if self._doors else []

    @property
    def streams(self) -> list[StreamState]:
        """How each stream of live video is."""
        return self._doors.streams if self._doors else []

    def detector(self) -> DetectorState | None:
        """The active detector."""
        active, problem = self.seeing.model, self.seeing.problem
        if active is None and not problem:
            return None
        return DetectorState(id="" if active is None else active.id, problem=problem)

    async def pipeline(self, site: str) -> PipelineState | None:
        """Lag and cursor of a site's pipeline; None while it has not started, or cannot be asked."""
        try:
            _, oldest = await self._feeds.lag(site)
            cursor = self._feeds.of(site).cursor
        except (NotFound, Unavailable):
            return None
        lag_s = 0.0 if oldest is None else max((datetime.now(UTC) - oldest).total_seconds(), 0.0)
        return PipelineState(lag_s=round(lag_s, 3), cursor=cursor.token())

    async def drill(self, site: str) -> DrillState | None:
        """Speed and clock of the drill, at its site."""
        if self._drill is None or site != Drill.site:
            return None
        return DrillState(speed=self._drill.speed, clock=self._drill.now())
