"""Sequences over HTTP: what is on pictures, what needs a look, what people say, how far the machine is trusted."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from fusion.camera.rules_toml import CameraRules
from fusion.camera.taxonomy import BLANK, TOPS, Taxonomy
from hub.clearance import EXACT, ExactReads
from hub.console.access import role_at
from hub.console.paging import After, Limit, Page, moment_token
from hub.console.parts import Call
from hub.console.sensitive import read_world
from hub.console.window import Since, Until, keyset, reader, window
from hub.pipeline.world import World
from hub.records.errors import InvalidReference, Malformed, Stale
from hub.records.sequence import SaidOfSequence, SequenceEntry, SequenceState, SequenceVerdict
from hub.see.audited import AuditFigures, checked_of, figures, trusted_from
from hub.see.judged import rules_of
from hub.see.repeating import HeldBox
from hub.see.repeating import decode as decode_boxes
from hub.store import judging, repeat_memory, second_looks, sequence_review, sequences
from hub.store.database import Database
from hub.store.sequence_review import Effort, Judged

ROOT = "/api/v1/sites/{site:str}/sequences"
MOST_BLIND = 20_000
AUDITED_DAYS = 365
LONGEST_NOTE = 2_000
MOST_SAID = 50
Device = Annotated[str | None, QueryParameter(max_length=200, description="Key of one camera.")]
Label = Annotated[str | None, QueryParameter(max_length=100, description="A taxon, person, vehicle, animal, blank.")]
Standing = Annotated[
    SequenceState | None, QueryParameter(name="state", description="review, accepted, decided or reopened.")
]


class SequenceItem(msgspec.Struct, frozen=True, kw_only=True):
    """A sequence and how it stands. blind: it is of the audit, so the machine's answer is told after a person's.

    said: what a person answered, which holds whatever the machine says; null where nobody has.
    """

    id: UUID
    device: str
    begins_at: datetime
    ends_at: datetime
    version: int
    pictures: tuple[UUID, ...]
    bursts: int
    infrared: bool
    state: SequenceState
    blind: bool
    entries: tuple[SequenceEntry, ...] | None
    reasons: tuple[str, ...]
    value: float | None
    said: tuple[SaidOfSequence, ...] | None


class SequenceDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One sequence, with every word that people ever said of its pictures, the newest first."""

    sequence: SequenceItem
    verdicts: list[SequenceVerdict]


class SequenceSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's word. `id`: UUIDv7 of the client's making, so sending it twice is once. Nothing there: `blank`."""

    id: UUID
    version: int
    said: Annotated[tuple[SaidOfSequence, ...], msgspec.Meta(min_length=1, max_length=MOST_SAID)]
    note: Annotated[str, msgspec.Meta(max_length=LONGEST_NOTE)] = ""


class SecondLookState(msgspec.Struct, frozen=True, kw_only=True):
    """How looking again goes: what waits and since when, what was done and for which reason, and what hinders it."""

    waiting: int
    oldest: datetime | None
    done: dict[str, int]
    problem: str


class SequenceAudit(msgspec.Struct, frozen=True, kw_only=True):
    """How far the machine is trusted at a site, and what people had to look at since then."""

    since: datetime
    wanted: float
    figures: AuditFigures
    sequences: int
    pictures: int
    opened: int
    never_opened: float | None
    """The share of pictures of whose sequence no person ever said anything."""
    waiting: int
    """Pictures that are to be put into sequences (again); at most 10,000 are counted."""
    second_looks: SecondLookState


class RepeatedBoxes(msgspec.Struct, frozen=True, kw_only=True):
    """What one camera saw in one place again and again, in a month."""

    device: str
    month: str
    boxes: list[HeldBox]


def sequence_routes(
    database: Database, now: Callable[[str], datetime], problem: Callable[[], str]
) -> list[ControllerRouterHandler]:
    """Handlers of sequences. `problem`: why second looks wait."""

    async def trust(site: str) -> tuple[CameraRules, dict[str, float], list[SequenceVerdict]]:
        rules = rules_of((await judging.newest(database, site)).text)
        since = now(site) - timedelta(days=AUDITED_DAYS)
        blind = await sequence_review.blind(database, site, since, MOST_BLIND)
        checked = checked_of(blind, rules.judging.taxonomy)
        return rules, dict(trusted_from(checked, rules.auditing.wanted)), blind

    async def items(request: Call, site: str, found: Sequence[Judged], what: str) -> list[SequenceItem]:
        world = await read_world(database, site)
        caller, _ = reader(request, site)
        reads = ExactReads(caller, site)
        told: list[SequenceItem] = []
        held = [one.verdict for one in found if one.verdict is not None]
        said = await sequence_review.said(database, site, held) if held else {}
        for one in found:
            item = item_of(one, None if one.verdict is None else said.get(one.verdict))
            for name in sensitive_names(item, world):
                reads.saw(name)
            told.append(item)
        await reads.write(database, what)
        return told

    @get(ROOT, operation_id="listSequences", guards=[role_at(*EXACT)], tags=["sequences"])
    async def listed(
        request: Call,
        site: FromPath[str],
        since: Since = None,
        until: Until = None,
        device: Device = None,
        label: Label = None,
        standing: Standing = None,
        after: After = None,
        limit: Limit = 100,
    ) -> Page[SequenceItem]:
        """Sequences that begin between two times, the newest first; without times those of the last seven days."""
        begin, end = window(since, until, now(site), timedelta(days=7))
        _, least, _ = await trust(site)
        found = await sequence_review.page(
            database,
            site,
            least,
            since=begin,
            until=end,
            device=device,
            label=label,
            state=standing,
            after=keyset(after),
            limit=limit,
        )
        last = found[-1].sequence if len(found) == limit else None
        following = None if last is None else moment_token(last.begins_at, last.id)
        return Page(await items(request, site, found, "sequences"), following)

    @get(f"{ROOT}/review", operation_id="reviewSequences", guards=[role_at(*EXACT)], tags=["sequences"])
    async def review(
        request: Call, site: FromPath[str], device: Device = None, limit: Limit = 50
    ) -> Page[SequenceItem]:
        """What a person should look at, that first whose look is worth most."""
        _, least, _ = await trust(site)
        found = await sequence_review.queue(database, site, least, device, limit)
        return Page(await items(request, site, found, "sequences to review"))

    @get(f"{ROOT}/audit", operation_id="auditSequences", guards=[role_at(*EXACT)], tags=["sequences"])
    async def audit(site: FromPath[str]) -> SequenceAudit:
        """How often the machine is right, by label, camera and light, by blind looks of a year; and people's effort."""
        rules, _, blind = await trust(site)
        since = now(site) - timedelta(days=AUDITED_DAYS)
        checked = checked_of(blind, rules.judging.taxonomy)
        effort: Effort = await sequence_review.effort(database, site, since)
        again = await second_looks.state(database, site)
        share = None if not effort.pictures else round(1 - effort.opened_pictures / effort.pictures, 4)
        return SequenceAudit(
            since=since,
            wanted=rules.auditing.wanted,
            figures=figures(len(blind), checked, rules.auditing.wanted, rules.judging.taxonomy),
            sequences=effort.sequences,
            pictures=effort.pictures,
            opened=effort.opened,
            never_opened=share,
            waiting=await sequences.count_unsequenced(database, site),
            second_looks=SecondLookState(
                waiting=again.waiting, oldest=again.oldest, done=again.done, problem=problem() if again.waiting else ""
            ),
        )

    @get(f"{ROOT}/repeated", operation_id="listRepeatedBoxes", guards=[role_at(*EXACT)], tags=["sequences"])
    async def repeated(site: FromPath[str], limit: Limit = 100) -> list[RepeatedBoxes]:
        """Boxes that cameras see again and again in one place: a stump, or an animal that sleeps."""
        found = await repeat_memory.of_site(database, site, limit)
        return [
            RepeatedBoxes(device=device, month=f"{month:%Y-%m}", boxes=decode_boxes(boxes))
            for device, month, boxes in found
        ]

    async def detail(request: Call, site: str, sequence: UUID) -> SequenceDetail:
        _, least, _ = await trust(site)
        one = await sequence_review.judged(database, site, least, sequence)
        (item,) = await items(request, site, [one], "sequence")
        history = await sequence_review.history(database, site, one.sequence.pictures)
        return SequenceDetail(sequence=item, verdicts=[] if item.blind else history)

    @get(f"{ROOT}/{{sequence:uuid}}", operation_id="showSequence", guards=[role_at(*EXACT)], tags=["sequences"])
    async def show(request: Call, site: FromPath[str], sequence: FromPath[UUID]) -> SequenceDetail:
        """One sequence and all that people said of its pictures."""
        return await detail(request, site, sequence)

    @post(
        f"{ROOT}/{{sequence:uuid}}/verdicts",
        operation_id="judgeSequence",
        guards=[role_at(*EXACT)],
        status_code=200,
        tags=["sequences"],
    )
    async def decide(
        request: Call, site: FromPath[str], sequence: FromPath[UUID], data: JSONBody[SequenceSaid]
    ) -> SequenceDetail:
        """Say what is on its pictures. It holds from then on, whatever models and rules say later."""
        rules, least, _ = await trust(site)
        one = await sequence_review.judged(database, site, least, sequence)
        check_said(data, rules.judging.taxonomy)
        history = await sequence_review.history(database, site, one.sequence.pictures)
        if data.version != one.sequence.version and data.id not in {word.id for word in history}:
            raise Stale(f"the sequence is at version {one.sequence.version}, you saw {data.version}: look again")
        caller, _ = reader(request, site)
        async with database.transaction() as connection:
            await sequence_review.decide(
                connection,
                one.sequence,
                data.id,
                data.said,
                blind=is_blind(one),
                note=data.note,
                who=caller.name,
            )
        return await detail(request, site, sequence)

    @post(
        f"{ROOT}/{{sequence:uuid}}/verdicts/{{verdict:uuid}}/withdraw",
        operation_id="withdrawSequenceVerdict",
        guards=[role_at(*EXACT)],
        status_code=200,
        tags=["sequences"],
    )
    async def withdraw(
        request: Call, site: FromPath[str], sequence: FromPath[UUID], verdict: FromPath[UUID]
    ) -> SequenceDetail:
        """Take a word back: what stood before it stands again."""
        _, least, _ = await trust(site)
        one = await sequence_review.judged(database, site, least, sequence)
        caller, _ = reader(request, site)
        async with database.transaction() as connection:
            await sequence_review.withdraw(connection, one.sequence, verdict, caller.name)
        return await detail(request, site, sequence)

    return [listed, review, audit, repeated, show, decide, withdraw]


def is_blind(one: Judged) -> bool:
    """Is the machine's answer kept back: drawn for the audit, and nobody has answered yet?"""
    return one.sequence.audited and one.verdict is None


def item_of(one: Judged, said: tuple[SaidOfSequence, ...] | None) -> SequenceItem:
    """A sequence as it is told. `said`: by the word that holds."""
    of, blind = one.sequence, is_blind(one)
    return SequenceItem(
        id=of.id,
        device=of.device,
        begins_at=of.begins_at,
        ends_at=of.ends_at,
        version=of.version,
        pictures=of.pictures,
        bursts=of.bursts,
        infrared=of.infrared,
        state=one.state,
        blind=blind,
        entries=None if blind else of.entries,
        reasons=("audit",) if blind else of.reasons,
        value=None if blind else of.value,
        said=said,
    )


def sensitive_names(item: SequenceItem, world: World) -> list[str]:
    """Names of sensitive species on a sequence: its camera is where they were."""
    labels: list[Any] = [entry.label for entry in item.entries or ()] + [one.label for one in item.said or ()]
    return [label for label in dict.fromkeys(labels) if world.shows_sensitive("animal", label, None)]


def check_said(data: SequenceSaid, taxonomy: Taxonomy) -> None:
    """Raises InvalidReference for labels that the site's taxonomy does not know, and for `blank` beside others."""
    labels = [one.label for one in data.said]
    for number, label in enumerate(labels):
        if label not in TOPS and label not in taxonomy.ranks:
            detail = f"{label!r:.120} is no taxon of the site's text on judging, nor {', '.join(TOPS)}"
            raise InvalidReference(detail, errors=[{"field": f"said[{number}].label", "detail": detail}])
    if len(set(labels)) != len(labels):
        raise Malformed("said: each label once, with its count")
    if BLANK in labels and len(labels) > 1:
        raise Malformed("said: blank alone, or what is there")
