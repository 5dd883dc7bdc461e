"""What the map and the time scrubber read, all through clearance."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
import numpy as np
from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from geo.generalise import generalise
from geo.generalise import uncertainty_m as cell_uncertainty_m
from hub.clearance import CELL_M, EXACT, ExactReads
from hub.console.access import role_at
from hub.console.feeds import Feeds
from hub.console.finding_item import FindingItem, finding_item
from hub.console.paging import MOST, After, Limit, counted_token, first_known, moment_token, parse_counted
from hub.console.parts import Call
from hub.console.past import AsOf, OfTracks, Pasts, known_at, marks_of_noticed
from hub.console.sensitive import (
    NO_MARKS,
    is_sensitive,
    sensitive_name,
)
from hub.console.shared import SharedSighting, certain, shared_of, status_of
from hub.console.trajectories import trajectories
from hub.console.window import At, Since, Until, instant, keyset, reader, window
from hub.console.wire import DetectionItem, SubjectItem, detection_item, subject_item
from hub.pipeline.fuse import Points, points_of
from hub.pipeline.identity import as_believed
from hub.pipeline.line import heard_of
from hub.pipeline.positions import positions_at
from hub.records.cursor import Cursor
from hub.records.finding import Finding
from hub.records.proposal import Status
from hub.store import alerts, findings, observations, tracks
from hub.store.database import Database

Bins = Annotated[int, QueryParameter(ge=1, le=2_000, description="Slices of the time.")]
LONGEST_TRACK = timedelta(days=366 * 30)


class Subjects(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the map at a time: as it is believed now, or was at `as_of`."""

    at: datetime
    as_of: datetime | None = None
    items: list[SubjectItem]


class TrackItem(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a track. Without clearance its points are cells, and without ellipses and observation ids.

    version: how often the stored track changed; 0 for one that was made for this answer. shared: which points are
    sightings that are only probably this animal's, and why; status: provisional while something that came has not been
    weighed. As of a time, points are those that were certain then.
    """

    subject: dict[str, Any]
    name: str
    version: int
    set_hash: str
    generalised: bool
    points: Points
    status: Status = "settled"
    shared: list[SharedSighting] = []


class Tracks(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Tracks of [from, to): as they are believed now, or were at `as_of`."""

    since: datetime
    until: datetime
    as_of: datetime | None = None
    items: list[TrackItem]


class Activity(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Observations and alerts per slice of [from, to), for the time scrubber."""

    since: datetime
    until: datetime
    bin_s: float
    observations: list[int]
    alerts: list[int]


class DetectionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Detections and sightings in order of time."""

    items: list[DetectionItem]
    next: str | None


class FindingPage(msgspec.Struct, frozen=True, kw_only=True):
    """Findings in order of time."""

    items: list[FindingItem]
    next: str | None


def read_routes(database: Database, feeds: Feeds, now: Callable[[str], datetime]) -> list[ControllerRouterHandler]:
    """Handlers of everything that the map reads, and of the live stream."""
    pasts = Pasts(database)

    @get("/api/v1/sites/{site:str}/subjects", operation_id="listSubjects", guards=[role_at()])
    async def subjects(request: Call, site: FromPath[str], at: At = None, as_of: AsOf = None) -> Subjects:
        """Everything at a time (`at`), as it is believed now or, with `as_of`, as it was believed with what was known.

        `at` left out: now, or the time of `as_of`.
        """
        caller, role = reader(request, site)
        world = feeds.world_of(site)
        asked = known_at(as_of)
        moment = instant(at, asked or now(site), "at")
        if asked is not None:
            past = await pasts.read(site, asked)
            world, known = past.world, await pasts.positions(past, moment)
        else:
            found = feeds.of(site).latest if at is None else await positions_at(database, world, moment)
            known = [(position, NO_MARKS) for position in found.values()]
        reads = ExactReads(caller, site)
        items: list[SubjectItem] = []
        for position, marks in known:
            if (item := subject_item(position, world, role, moment, marks)) is not None:
                items.append(item)
                if item.sensitive:
                    reads.saw(position.name)
        await reads.write(database, "subjects")
        return Subjects(at=moment, as_of=asked, items=items)

    @get("/api/v1/sites/{site:str}/tracks", operation_id="listTracks", guards=[role_at()])
    async def track_list(
        request: Call,
        site: FromPath[str],
        since: Since = None,
        until: Until = None,
        subject: FromQuery[list[UUID] | None] = None,
        as_of: AsOf = None,
    ) -> Tracks:
        """Tracks of [from, to), as they are believed now or, with `as_of`, as they were with what was known.

        Who was merged into another one (`subject`) is answered for by that one.
        """
        caller, role = reader(request, site)
        asked = known_at(as_of)
        begin, end = window(since, until, asked or now(site), timedelta(days=14))
        world = feeds.world_of(site)
        past = None if asked is None else await pasts.read(site, asked)
        if past is not None:
            world = past.world
        chosen = [world.merged.get(one, one) for one in subject] if subject else None
        reads = ExactReads(caller, site)
        status: Status = "settled"
        marked: OfTracks = {}
        if past is None:
            status = await status_of(database, site, begin, end)
            headers = {one.subject: (one.version, one.set_hash) for one in await tracks.headers(database, site, chosen)}
            parts = await tracks.segments(database, site, chosen, begin, end)
        else:
            made, marked = await pasts.tracks(past, chosen)
            headers = {one: (0, known.set_hash) for one, known in made.items()}
            parts = {one: known.segments for one, known in made.items()}
        items: list[TrackItem] = []
        for one, segments in parts.items():
            marks = marked.get(one, NO_MARKS)
            sensitive = marks.sensitive or world.is_sensitive(one)
            points = points_of(segments, world.frame, begin, end)
            if one not in headers or not points.time or (marks.personal and role == "scientist"):
                continue
            version, set_hash = headers[one]
            exact = not sensitive or role in EXACT
            if exact and role not in EXACT:
                points = certain(points)
                if not points.time:
                    continue
            if sensitive:
                reads.saw(world.name_of(one), len(points.time))
            items.append(
                TrackItem(
                    subject={"kind": one.kind, "id": one.id},
                    name=world.name_of(one),
                    version=version,
                    set_hash=set_hash.hex() if exact else "",
                    generalised=not exact,
                    points=points if exact else coarse(points),
                    status=status,
                    shared=await shared_of(database, site, one.id, points) if role in EXACT else [],
                )
            )
        if role != "scientist":
            # Whose a device is that is on nobody, nobody knows: its way is for those who may know every place.
            on_nobody = await observations.devices(database, site, asked) if role in EXACT else []
            today = past.today if past is not None and role not in EXACT else None
            for one, name, points in await trajectories(database, world, on_nobody, chosen, begin, end, today):
                if world.is_sensitive(one):
                    reads.saw(name, len(points.time))
                key = {"kind": one.kind, "id": one.id}
                items.append(
                    TrackItem(subject=key, name=name, version=0, set_hash="", generalised=False, points=points)
                )
        await reads.write(database, "tracks")
        return Tracks(since=begin, until=end, as_of=asked, items=items)

    @get("/api/v1/sites/{site:str}/detections", operation_id="listDetections", guards=[role_at()])
    async def detection_list(
        request: Call,
        site: FromPath[str],
        since: Since = None,
        until: Until = None,
        limit: Limit = 200,
        after: After = None,
        as_of: AsOf = None,
    ) -> DetectionPage:
        """Detections and sightings of [from, to), with whom they show as people say now, or had said at `as_of`."""
        caller, role = reader(request, site)
        asked = known_at(as_of)
        begin, end = window(since, until, asked or now(site), timedelta(days=1))
        resumed_at, skip = parse_counted(after)
        past = None if asked is None else await pasts.read(site, asked)
        world = feeds.world_of(site) if past is None else past.world
        rows = await observations.page(
            database,
            site,
            since=resumed_at or begin,
            until=end,
            device=None,
            kinds=("detection", "sighting"),
            known_at=asked,
            after=None,
            limit=limit + skip,
        )
        reads = ExactReads(caller, site)
        items: list[DetectionItem] = []
        said = [observations.as_seen(row) for row in rows[skip:]]
        marked = {} if past is None else await marks_of_noticed(database, past, said)
        for seen in await as_believed(database, world, said):
            marks = marked.get(seen.id, NO_MARKS)
            item = detection_item(heard_of(seen, world), world, role, marks)
            if item is not None:
                items.append(item)
                if marks.sensitive or is_sensitive(seen.observation, world):
                    reads.saw(sensitive_name(seen.observation, world))
        await reads.write(database, "detections")
        times = [row.observation.observed_at for row in rows]
        return DetectionPage(items=items, next=counted_token(times, full=len(rows) == limit + skip))

    @get("/api/v1/sites/{site:str}/activity", operation_id="showActivity", guards=[role_at()])
    async def activity(
        request: Call, site: FromPath[str], since: Since = None, until: Until = None, bins: Bins = 200
    ) -> Activity:
        reader(request, site)
        begin, end = window(since, until, now(site), timedelta(days=1))
        return Activity(
            since=begin,
            until=end,
            bin_s=(end - begin).total_seconds() / bins,
            observations=await observations.activity(database, site, begin, end, bins),
            alerts=await alerts.activity(database, site, begin, end, bins),
        )

    @get("/api/v1/sites/{site:str}/findings", operation_id="listFindings", guards=[role_at()])
    async def finding_list(
        request: Call,
        site: FromPath[str],
        since: Since = None,
        until: Until = None,
        fence: FromQuery[UUID | None] = None,
        subject: FromQuery[UUID | None] = None,
        limit: Limit = 200,
        after: After = None,
    ) -> FindingPage:
        caller, role = reader(request, site)
        begin, end = window(since, until, now(site), LONGEST_TRACK)
        world = feeds.world_of(site)
        # Whose findings may be withheld is not searched for, but looked for in what the reader may know.
        searched = subject if subject in world.individuals or role in ("dispatcher", "admin") else None
        asked = limit if searched == subject else MOST
        rows = await findings.page(
            database,
            site,
            since=begin,
            until=end,
            fence=fence,
            subject=searched,
            after=keyset(after),
            limit=asked,
        )
        reads = ExactReads(caller, site)

        def known(row: Finding) -> FindingItem | None:
            if subject not in (None, row.subject.id, row.other):
                return None
            item = finding_item(row, world, role, reads)
            return item if item is not None and subject in (None, item.subject["id"], item.other) else None

        items, last = first_known(rows, limit, asked, known)
        await reads.write(database, "findings")
        return FindingPage(items=items, next=moment_token(last.crossed_at, last.id) if last else None)

    @get("/api/v1/sites/{site:str}/live", operation_id="followLive", guards=[role_at()], media_type="text/event-stream")
    async def live(request: Call, site: FromPath[str]) -> Stream:
        caller, _ = reader(request, site)
        last = request.headers.get("last-event-id")
        after = Cursor.parse(last) if last else None
        feed, world = feeds.of(site), feeds.world_of(site)
        reads = ExactReads(caller, site)
        for position in feed.latest.values():
            if world.is_sensitive(position.subject):
                reads.saw(position.name)
        await reads.write(database, "live")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Stream(feed.listen(caller, after), media_type="text/event-stream", headers=headers)

    return [subjects, track_list, detection_list, activity, finding_list, live]


def coarse(points: Points) -> Points:
    """A track for a reader without clearance: hours instead of seconds, cells instead of places."""
    longitude, latitude = generalise(np.array(points.longitude), np.array(points.latitude), CELL_M)
    radius = cell_uncertainty_m(np.array(points.longitude), np.array(points.latitude), CELL_M)
    return Points(
        time=[float(t - t % 3600) for t in points.time],
        longitude=longitude.tolist(),
        latitude=latitude.tolist(),
        semi_major_m=radius.tolist(),
        semi_minor_m=radius.tolist(),
        orientation_deg=[0.0] * len(points.time),
        observation=[],
        share=points.share,
    )
