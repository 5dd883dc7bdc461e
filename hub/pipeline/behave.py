"""Step: what an animal does of itself: it stays, it is slow, it wears a collar that is not its own. A pure function."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np

from fusion.behaviour.cause import Cause, Signs, Weighed, weighed
from fusion.behaviour.fixes import Fixes
from fusion.behaviour.slow_spells import SlowSpell, search_slow_spells
from fusion.behaviour.stays import Stay, search_stays
from fusion.behaviour.wrong_deployment import Deployment, deployment
from fusion.ellipse import Floats
from fusion.evidence import Evidence
from hub.pipeline.history import Rows, instant_of, uuid_of
from hub.pipeline.memory import Memory
from hub.pipeline.past import Lain, Past
from hub.pipeline.world import Stay as Worn
from hub.pipeline.world import World
from hub.records.finding import Finding, Subject, behaviour_id
from hub.records.reference import Individual

# A stay is told anew when it has lasted twice as long: not with every fix.
LEVELS_S: Final = tuple(12 * 3_600.0 * 2**k for k in range(12))
BEFORE_S: Final = 14 * 86_400.0
COOLED_C: Final = 5.0
# Sightings of one collar that are held against its fixes, and fixes around each.
MOST_SIGHTINGS: Final = 24
AROUND_S: Final = 3 * 86_400.0
FEWEST_FIXES: Final = 10
RESERVE_SD_M: Final = 15_000.0
# Months (1 to 12) in which an animal of a genus may lie at a den, and whether only females do.
DENS: Final[dict[str, tuple[frozenset[int], bool]]] = {
    "panthera": (frozenset(range(3, 10)), True),
    "lynx": (frozenset(range(4, 9)), True),
    "canis": (frozenset(range(3, 8)), True),
    "ursus": (frozenset({10, 11, 12, 1, 2, 3, 4}), False),
    "sus": (frozenset(range(2, 7)), True),
    "cervus": (frozenset(), True),
    "capreolus": (frozenset(), True),
}
_GONE: Final = (Cause.DEATH, Cause.DROP_OFF, Cause.FAILURE)


def behaviours(subject: Subject, memory: Memory, world: World) -> dict[UUID, Finding]:
    """All findings of what an individual does, by id: of its stays, its slow spells and its collars."""
    individual, checkpoint = world.individuals.get(subject.id), memory.checkpoint
    if individual is None or checkpoint is None or len(checkpoint.evidence) != len(memory.evidence):
        return {}
    evidence, rows = checkpoint.evidence, memory.rows
    if not len(rows):
        return {}
    if len(memory.shared):
        # What is only probably this animal says nothing of what it does.
        evidence = evidence.part(memory.evidence["share"] == 1.0)
    fixes, places = rows, Fixes(rows["time_s"], evidence.x_m, evidence.y_m, evidence.covariance)
    if memory.fixes is not rows:
        fixes, places = rows[rows["is_fix"]], places.part(rows["is_fix"])
    places = replace(places, time_s=np.ascontiguousarray(places.time_s))
    x, y, covariance, time_s = places.x_m, places.y_m, places.covariance, places.time_s
    worn = world.stays_of_carrier.get(subject, [])
    before, past = memory.past, Past(fixes, memory.signs)
    same = 0 if before is None else before.shared_with(past, places)
    past.stays = search_stays(places, before.stays if before else None, same)
    past.spells = search_slow_spells(places, before.spells if before else None, same)
    # What was said of collars may have come late, too.
    still = -math.inf if before is None else before.signs_until(past)
    judged = {} if before is None else {one.by: one for one in before.of_stays}
    for k, stay in enumerate(past.stays.found):
        since, until = float(time_s[stay.first]), float(time_s[stay.last])
        if before is not None and k < past.stays.kept and until < still:
            past.of_stays.append(before.of_stays[k])
            continue
        key = _judged_by(stay, fixes, memory.signs)
        known = judged.get(key)
        if known is None:
            told = _stay(subject, individual, stay, fixes, (x, y, covariance), memory.signs, worn, world)
            known = Lain(told, since, until, key)
        past.of_stays.append(known)
    found = [one.finding for one in past.of_stays]
    lain = np.array([(one.since_s, one.until_s) for one in past.of_stays]).reshape(-1, 2)
    for spell in past.spells.found:
        if bool(np.any((spell.since_s < lain[:, 1]) & (lain[:, 0] < spell.until_s))):
            continue
        middle = (spell.first + spell.last) // 2
        key = (spell, fixes["id"][[spell.first, spell.decided_by]].tobytes(), float(x[middle]), float(y[middle]))
        known = before.of_spells.get(key) if before is not None and not spell.is_open else None
        if known is None:
            known = _spell(subject, individual, spell, fixes, (x, y), worn, world)
        past.of_spells[key] = known
        found.append(known)
    memory.past = past
    if len(fixes) < len(rows):
        for one in worn:
            if (device := world.devices.get(one.device)) is not None and device.kind == "collar":
                found += _collar(subject, individual, one, memory, evidence, world)
    return {one.id: one for one in found}


def _spell(
    subject: Subject,
    individual: Individual,
    spell: SlowSpell,
    fixes: Rows,
    places: tuple[Floats, Floats],
    worn: list[Worn],
    world: World,
) -> Finding:
    middle = (spell.first + spell.last) // 2 if not spell.is_open else spell.first
    return _finding(
        subject, "low_speed", fixes, (spell.first, spell.decided_by), spell.since_s, world,
        (places[0][middle], places[1][middle]), 1.0 - spell.share,
        {
            "is_open": spell.is_open and _is_worn(worn, individual, float(fixes["time_s"][-1])),
            "until": None if spell.is_open else instant_of(spell.until_s).isoformat(),
            "reach_m": round(spell.reach_m),
            "usual_m": round(spell.usual_m),
            "share": round(spell.share, 3),
            "windows": spell.windows,
        },
    )  # fmt: skip


def _judged_by(stay: Stay, fixes: Rows, signs: Rows) -> tuple[object, ...]:
    """All that the finding of a stay is a function of, while the reference data stand: rows are only ever added."""
    since, until = fixes["time_s"][[stay.first, stay.last]]
    said = np.searchsorted(signs["time_s"], [since - BEFORE_S, since, until])
    ended = None if stay.ended_by is None else fixes["id"][stay.ended_by].tobytes()
    ends = fixes["id"][stay.first].tobytes(), fixes["id"][stay.last].tobytes()
    spread = stay.last - stay.first, stay.supporting, stay.has_returned, stay.is_open
    return (*ends, ended, *spread, int(said[1] - said[0]), int(said[2] - said[1]))


def _stay(
    subject: Subject,
    individual: Individual,
    stay: Stay,
    fixes: Rows,
    places: tuple[Floats, Floats, Floats],
    signs: Rows,
    worn: list[Worn],
    world: World,
) -> Finding:
    time_s, (x, y, covariance) = fixes["time_s"], places
    since, until = float(time_s[stay.first]), float(time_s[stay.last])
    level = max(level for level in LEVELS_S if level <= until - since)
    told = int(np.searchsorted(time_s, since + level)) if stay.ended_by is None else stay.last
    told = min(told, stay.last)
    lasted = float(time_s[told]) - since
    part = slice(stay.first, told + 1)
    given = _signs(individual, stay, since, float(time_s[told]), signs)
    spread = math.sqrt((float(np.var(x[part])) + float(np.var(y[part]))) / 2.0)
    error = math.sqrt(float(np.mean(covariance[part, 0] + covariance[part, 2])) / 2.0)
    ranked = weighed(
        Signs(
            still_s=lasted,
            has_returned=stay.has_returned,
            spread_m=spread,
            error_m=error,
            fixes=told + 1 - stay.first,
            may_den=given.pop("may_den"),
            **given,
        )
    )
    if stay.ended_by is not None:
        ranked = _living(ranked)
    decided = told if stay.ended_by is None else stay.ended_by
    open_now = stay.is_open and _is_worn(worn, individual, until)
    detail = {
        "is_open": open_now,
        "until": None if stay.is_open else instant_of(until).isoformat(),
        "lasted_s": round(lasted),
        "radius_m": round(2.0 * spread),
        "fixes": told + 1 - stay.first,
        "signal": given["has_mortality_signal"] is True,
        "causes": [
            {
                "cause": one.cause.name.lower(),
                "p": round(one.probability, 3),
                "reasons": {name: round(value, 1) for name, value in one.reasons.items() if abs(value) >= 0.3},
            }
            for one in ranked
        ],
    }
    # Of what had been told of then: the place does not move with every fix.
    middle = (float(np.median(x[part])), float(np.median(y[part])))
    return _finding(subject, "immobility", fixes, (stay.first, told, decided), since, world, middle, 0.95, detail)


def _signs(individual: Individual, stay: Stay, since: float, until: float, signs: Rows) -> dict[str, Any]:
    during = signs[(signs["time_s"] >= since) & (signs["time_s"] <= until)]
    before = signs[(signs["time_s"] >= since - BEFORE_S) & (signs["time_s"] < since)]
    activity = _known(during["activity"])
    alarm = _known(during["mortality"])
    warm, usual = _known(during["temperature"]), _known(before["temperature"])
    return {
        "may_den": may_den(individual, since),
        "is_active": bool(np.median(activity) > 0.0) if len(activity) else None,
        "has_mortality_signal": bool(alarm.any()) if len(alarm) else None,
        "is_warm": bool(np.median(warm) > np.median(usual) - COOLED_C) if len(warm) > 2 and len(usual) > 2 else None,
    }


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def may_den(individual: Individual, at_s: float) -> bool:
    """Do season, kind and sex allow that it lies at a den? Of a kind of which nothing is known: yes."""
    genus = individual.scientific_name.lower().split(" ")[0]
    if genus not in DENS:
        return True
    months, only_females = DENS[genus]
    return instant_of(at_s).month in months and not (only_females and individual.sex == "male")


def _living(ranked: list[Weighed]) -> list[Weighed]:
    """It has moved since: neither it nor its collar was lost."""
    alive = sum(one.probability for one in ranked if one.cause not in _GONE)
    return sorted(
        (one._replace(probability=0.0 if one.cause in _GONE else one.probability / alive) for one in ranked),
        key=lambda one: -one.probability,
    )


def _is_worn(worn: list[Worn], individual: Individual, at_s: float) -> bool:
    """Does it still wear something, and live: is what it does now anybody's concern?"""
    if individual.died_at is not None:
        return False
    latest = instant_of(at_s) + timedelta(days=1)
    return any(one.valid_to is None or one.valid_to > latest for one in worn)


def _collar(
    subject: Subject, individual: Individual, worn: Worn, memory: Memory, evidence: Evidence, world: World
) -> list[Finding]:
    """Do sightings of the animal contradict that it wears this collar?"""
    rows = memory.rows
    begin = -math.inf if worn.valid_from is None else worn.valid_from.timestamp()
    end = math.inf if worn.valid_to is None else worn.valid_to.timestamp()
    then = (rows["time_s"] >= begin) & (rows["time_s"] < end)
    seen = np.flatnonzero(then & ~rows["is_fix"])[-MOST_SIGHTINGS:]
    if not len(seen):
        return []
    at = np.searchsorted(rows["time_s"][seen], rows["time_s"])
    times = np.concatenate([[-math.inf], rows["time_s"][seen], [math.inf]])
    near = np.minimum(rows["time_s"] - times[at], times[at + 1] - rows["time_s"]) <= AROUND_S
    said = np.flatnonzero(then & rows["is_fix"] & near)
    if len(said) < FEWEST_FIXES:
        return []
    key = hashlib.sha256(rows["id"][seen].tobytes() + rows["id"][said].tobytes()).digest()
    judged = memory.collars.get((worn.device, key))
    if judged is None:
        motion = world.movements.of(subject.id, individual.scientific_name)
        judged = deployment(evidence.part(said), evidence.part(seen), motion.parameters, RESERVE_SD_M)
        for old in [one for one in memory.collars if one[0] == worn.device]:
            del memory.collars[old]
        memory.collars[worn.device, key] = judged
    if not judged.is_wrong or judged.since_s is None:
        return []
    first = int(seen[np.searchsorted(rows["time_s"][seen], judged.since_s)])
    place = (float(evidence.x_m[first]), float(evidence.y_m[first]))
    last = max(int(seen[-1]), first)
    return [
        _finding(
            subject, "wrong_deployment", rows, (first, last), judged.since_s, world, place,
            wrong_probability(judged), {
                "is_open": worn.valid_to is None and individual.died_at is None,
                "device": worn.device,
                "log_bayes_factor": round(judged.log_bayes_factor_since, 1),
                "sightings": int((rows["time_s"][seen] >= judged.since_s).sum()),
                "fixes": len(said),
            },
        )
    ]  # fmt: skip


def wrong_probability(judged: Deployment, before: float = 0.02) -> float:
    """Posterior of two animals, where one collar in fifty is entered wrongly or falls off and is put on another."""
    log_odds = min(-judged.log_bayes_factor_since, 50.0) + math.log(before / (1.0 - before))
    return 1.0 / (1.0 + math.exp(-log_odds))


def _finding(
    subject: Subject,
    kind: Any,
    rows: Rows,
    numbers: tuple[int, ...],
    since_s: float,
    world: World,
    place: tuple[float, float],
    probability: float,
    detail: dict[str, Any],
) -> Finding:
    """numbers: of the rows that it rests on, the first of which it is named after and the last of which decided it."""
    x, y = world.frame.to_degrees(np.array([place[0]]), np.array([place[1]]))
    ids = tuple(dict.fromkeys(uuid_of(rows["id"][k]) for k in numbers))
    ends = numbers[1] if len(numbers) == 3 else numbers[-1]
    since = instant_of(since_s)
    return Finding(
        id=behaviour_id(subject, kind, ids[0], of=str(detail.get("device", ""))),
        site=world.site.id,
        subject=subject,
        kind=kind,
        observed_from=since,
        observed_to=instant_of(float(rows["time_s"][ends])),
        crossed_at=since,
        earliest_at=since,
        latest_at=since,
        decided_at=instant_of(float(rows["time_s"][numbers[-1]])),
        probability=round(probability, 4),
        longitude=round(float(x[0]), 6),
        latitude=round(float(y[0]), 6),
        evidence=ids,
        detail=detail,
    )
