"""What the running hub can say about itself."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.console.feeds import Feeds
from hub.console.vitals import DetectorState, Door, DrillState, PipelineState
from hub.drill.run import Drill
from hub.ingest.mqtt import MqttDoor
from hub.records.errors import NotFound, Unavailable
from hub.see.seeing import Seeing


class HubVitals:
    """Answers the questions of `/health` and of the console's status line."""

    def __init__(self, door: MqttDoor, feeds: Feeds, drill: Drill | None, seeing: Seeing) -> None:
        self._door = door
        self._feeds = feeds
        self._drill = drill
        self.seeing = seeing

    def mqtt(self) -> Door:
        """The broker's door."""
        return Door(connected=self._door.connected, lag=self._door.unacknowledged)

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
