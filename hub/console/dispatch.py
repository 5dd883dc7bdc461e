"""What dispatchers do: acknowledge and resolve alerts, and set the speed of a drill."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from hub.clearance import ExactReads
from hub.console.access import role_at
from hub.console.etag import edited, etag
from hub.console.feeds import Feeds
from hub.console.finding_item import FindingItem, finding_item
from hub.console.live import alert_item
from hub.console.paging import After, Limit, moment_token
from hub.console.parts import Call
from hub.console.sensitive import is_sensitive_noticed, sensitive_name_noticed
from hub.console.vitals import DrillState
from hub.console.why import EvidenceFix, fixes_of, rule_of
from hub.console.window import keyset, reader
from hub.records.errors import Malformed, NotFound, Stale
from hub.records.finding import Alert
from hub.records.person import Role
from hub.records.reference import Fence
from hub.store import alerts, findings
from hub.store.alerts import Action
from hub.store.database import Database

State = Annotated[
    Literal["open", "resolved", "retracted", "all"], QueryParameter(name="state", description="Which alerts.")
]
STATES: dict[str, tuple[str, ...]] = {
    "open": ("new", "acknowledged"),
    "resolved": ("resolved",),
    "retracted": ("retracted",),
    "all": ("new", "acknowledged", "resolved", "retracted"),
}
MAY_ACT: tuple[Role, ...] = ("ranger", "dispatcher", "admin")
MAY_DRILL: tuple[Role, ...] = ("dispatcher", "admin")


class AlertPage(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts, newest first."""

    items: list[Alert]
    next: str | None


class AlertDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An alert with what happened to it and what it rests on.

    `fixes` is empty for who may not read the place exactly. `rule`: the fence in the version that asked for the alert.
    """

    alert: Alert
    history: list[Action]
    findings: list[FindingItem]
    fixes: list[EvidenceFix]
    rule: Fence | None


class Resolution(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it ended: words that a report can use."""

    outcome: str


class Speed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds of drill time per second; 0 pauses."""

    speed: float


class DrillControl(Protocol):
    """What the console may ask of a drill."""

    async def set_speed(self, speed: float) -> DrillState:
        """Raises ValueError for a speed that is not possible."""
        ...


def dispatch_routes(
    database: Database,
    feeds: Feeds,
    drill_of: Callable[[str], DrillControl | None],
) -> list[ControllerRouterHandler]:
    """Handlers of the alert queue and of the drill."""

    async def act(request: Call, site: str, alert: UUID, what: str, outcome: str | None) -> Any:
        caller, role = reader(request, site)
        expect = edited(request)
        world = feeds.world_of(site)
        try:
            async with database.transaction() as connection:
                changed = await alerts.act(
                    connection, site, alert, what=what, who=caller.name, expect=expect, outcome=outcome
                )
        except Stale as stale:
            now = alert_item(await alerts.get(database, site, alert), world, role)
            raise Stale(stale.detail, now=msgspec.to_builtins(now)) from None
        feeds.of(site).tell_alert(alert)
        return Response(alert_item(changed, world, role), headers={"ETag": etag(changed.version)})

    @get("/api/v1/sites/{site:str}/alerts", operation_id="listAlerts", guards=[role_at()])
    async def alert_list(
        request: Call,
        site: FromPath[str],
        chosen: State = "open",
        limit: Limit = 200,
        after: After = None,
    ) -> AlertPage:
        caller, role = reader(request, site)
        world = feeds.world_of(site)
        rows = await alerts.page(database, site, STATES[chosen], keyset(after), limit)
        reads = ExactReads(caller, site)
        for row in rows:
            if is_sensitive_noticed(row, world):
                reads.saw(sensitive_name_noticed(row, world))
        await reads.write(database, "alerts")
        items = [item for row in rows if (item := alert_item(row, world, role)) is not None]
        last = rows[-1] if len(rows) == limit else None
        return AlertPage(items=items, next=moment_token(last.occurred_at, last.id) if last else None)

    @get("/api/v1/sites/{site:str}/alerts/{alert:uuid}", operation_id="showAlert", guards=[role_at()])
    async def show(request: Call, site: FromPath[str], alert: FromPath[UUID]) -> Response[dict[str, Any]]:
        caller, role = reader(request, site)
        world = feeds.world_of(site)
        found = await alerts.get(database, site, alert)
        item = alert_item(found, world, role)
        if item is None:
            raise NotFound(f"no alert {alert} at site {site}")
        reads = ExactReads(caller, site)
        based_on = await findings.by_ids(database, [found.finding])
        shown = [(row, one) for row in based_on if (one := finding_item(row, world, role, reads)) is not None]
        detail = AlertDetail(
            alert=item,
            history=await alerts.history(database, alert),
            findings=[one for _, one in shown],
            fixes=[fix for row, one in shown if not one.generalised for fix in await fixes_of(database, world, row)],
            rule=await rule_of(database, based_on[0]) if based_on else None,
        )
        await reads.write(database, "alert")
        body: dict[str, Any] = msgspec.to_builtins(detail)
        body |= body.pop("alert")
        return Response(body, headers={"ETag": etag(found.version)})

    @post(
        "/api/v1/sites/{site:str}/alerts/{alert:uuid}/acknowledge",
        operation_id="acknowledgeAlert",
        guards=[role_at(*MAY_ACT)],
        status_code=200,
    )
    async def acknowledge(request: Call, site: FromPath[str], alert: FromPath[UUID]) -> Response[Alert]:
        return await act(request, site, alert, "acknowledge", None)

    @post(
        "/api/v1/sites/{site:str}/alerts/{alert:uuid}/resolve",
        operation_id="resolveAlert",
        guards=[role_at(*MAY_ACT)],
        status_code=200,
    )
    async def resolve(
        request: Call, site: FromPath[str], alert: FromPath[UUID], data: JSONBody[Resolution]
    ) -> Response[Alert]:
        if "\x00" in data.outcome or len(data.outcome) > 2_000:
            raise Malformed("outcome: up to 2,000 characters of text, without NUL")
        return await act(request, site, alert, "resolve", data.outcome)

    @post("/api/v1/sites/{site:str}/drill", operation_id="controlDrill", guards=[role_at(*MAY_DRILL)], status_code=200)
    async def drill(request: Call, site: FromPath[str], data: JSONBody[Speed]) -> DrillState:
        control = drill_of(site)
        if control is None:
            raise NotFound(f"site {site!r} is no drill, or its drill does not run")
        try:
            return await control.set_speed(data.speed)
        except ValueError as error:
            raise Malformed(str(error)) from None

    return [alert_list, show, acknowledge, resolve, drill]
