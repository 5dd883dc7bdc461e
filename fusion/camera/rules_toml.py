"""TOML -> how a site's pictures are judged. What a site does not say is as the hub's own text says.

Tables and keys: docs/how-to/judge-pictures.md. Every mistake is refused by a text that names the key, the value, and
what was expected.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from fusion.camera.audit import SHARE, WANTED
from fusion.camera.burst import Linking
from fusion.camera.cascade import Limits
from fusion.camera.entry import Judging
from fusion.camera.frame import ANIMAL, PERSON, VEHICLE
from fusion.camera.manifest import ManifestError
from fusion.camera.manifest_toml import read_calibration
from fusion.camera.park import LEAST, MOST, Park, Year
from fusion.camera.repeat_box import Repeating
from fusion.camera.rules import ANY, SAYS, SPECIESNET, Rule
from fusion.camera.sections import Section
from fusion.camera.taxonomy import BLANK, RANKS, Taxonomy

MOST_CHARACTERS: Final = 500_000
MOST_RULES: Final = 50
SURE_PERSON: Final = 0.9


@dataclass(frozen=True, slots=True)
class Auditing:
    """The share that is looked at blindly, and the precision that must be proved before answers need no person."""

    share: float = SHARE
    wanted: float = WANTED


@dataclass(frozen=True, slots=True)
class CameraRules:
    """All that decides how pictures of a site become sequences."""

    judging: Judging
    limits: Limits
    repeating: Repeating
    auditing: Auditing


def parse_rules(text: str, under: str = "") -> CameraRules:
    """Camera rules in `text`, over those in `under`; raises ManifestError for what is missing, unknown, out of range.

    Keys of [sequence], [calibration], [cascade], [repeat], [audit] and [park], taxa and labels are taken one by one:
    what `text` does not name stays. Its [[rules]] and its [park.species] replace the lists below them whole.
    """
    tables = _laid_over(_tables(under), _tables(text))
    top = Section(tables, "")
    taxonomy = _taxonomy(top)
    park = _park(top.section("park", needed=False), taxonomy)
    sequence = top.section("sequence", needed=False)
    standard = Judging(taxonomy)
    judging = Judging(
        taxonomy=taxonomy,
        rules=_rules(top, taxonomy),
        park=park,
        linking=Linking(gap_s=sequence.number("burst_gap_s", 0.0, 600.0, Linking().gap_s)),
        gap_s=sequence.number("gap_s", 59.999, 3_600.0, standard.gap_s),
        shown=sequence.number("shown", 0.0, 0.9, standard.shown),
        # A person must not be hidden by a figure in a file.
        person_shown=sequence.number("person_shown", 0.0, 0.5, standard.person_shown),
        sharper=sequence.number("sharper", 0.0, 20.0, standard.sharper),
        disagree=sequence.number("disagree", 0.5, 1.0, standard.disagree),
        calibration=read_calibration(top.section("calibration", needed=False)),
    )
    if judging.gap_s < judging.linking.gap_s:
        raise sequence.wrong("gap_s", f"a number not below burst_gap_s ({judging.linking.gap_s:g})")
    sequence.close()
    found = CameraRules(
        judging,
        _limits(top.section("cascade", needed=False)),
        _repeating(top.section("repeat", needed=False)),
        _auditing(top.section("audit", needed=False)),
    )
    top.close()
    return found


def _tables(text: str) -> dict[str, object]:
    if len(text) > MOST_CHARACTERS:
        raise ManifestError(f"camera rules: at most {MOST_CHARACTERS:,} characters were expected, not {len(text):,}")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestError(f"camera rules: TOML was expected: {error}") from error


def _laid_over(under: Mapping[str, object], over: Mapping[str, object], at: str = "") -> dict[str, object]:
    found = dict(under)
    for key, value in over.items():
        known = found.get(key)
        if isinstance(known, dict) and isinstance(value, dict) and at + key != "park.species":
            found[key] = _laid_over(cast("dict[str, object]", known), cast("dict[str, object]", value), f"{at}{key}.")
        else:
            found[key] = value
    return found


def _taxonomy(top: Section) -> Taxonomy:
    taxa = top.section("taxa", needed=False)
    parents: dict[str, dict[str, str]] = {}
    for rank in RANKS:
        table = taxa.section(rank, needed=False)
        parents[rank] = {taxon: table.text(taxon, most=100) for taxon, _ in table.items()}
    taxa.close()
    table = top.section("labels", needed=False)
    return Taxonomy(parents, {label.strip().lower(): table.text(label, most=100) for label, _ in table.items()})


def _park(table: Section, taxonomy: Taxonomy) -> Park:
    species = table.section("species", needed=False)
    years: dict[str, Year] = {}
    for taxon, value in species.items():
        if taxon not in taxonomy.ranks:
            raise species.wrong(taxon, "a key that is a taxon of [taxa]")
        months = cast("list[object]", value) if isinstance(value, list) else [value] * 12
        year = [float(one) for one in months if isinstance(one, int | float) and not isinstance(one, bool)]
        if len(year) != 12 or len(months) != 12 or not all(LEAST <= one <= MOST for one in year):
            raise species.wrong(taxon, f"a number from {LEAST:g} to {MOST:g}, or twelve, January first: never 0,")
        years[taxon] = tuple(year)
    targets = table.texts("targets", ()) if table.get("targets") else ()
    if strange := [one for one in targets if one not in taxonomy.ranks]:
        raise table.wrong("targets", f"a list of taxa of [taxa], which has no {strange[0]!r},")
    unlisted = table.number("unlisted", 0.0, MOST, Park().unlisted)
    found = Park(years, unlisted, table.number("unexpected", 0.0, 1.0, Park().unexpected), frozenset(targets))
    table.close()
    return found


def _rules(top: Section, taxonomy: Taxonomy) -> tuple[Rule, ...]:
    given = top.get("rules")
    if given is None:
        return SPECIESNET
    items = cast("list[object]", given) if isinstance(given, list) else []
    if not items or len(items) > MOST_RULES or not all(isinstance(one, dict) for one in items):
        raise top.wrong("rules", f"one to {MOST_RULES} tables [[rules]]")
    rules: list[Rule] = []
    for at, item in enumerate(items):
        table = Section(cast("Mapping[str, object]", item), f"rules[{at}].")
        says = table.one_of("says", SAYS)
        weighs = says in ("species", "roll_up")
        rule = Rule(
            name=table.text("name", most=60),
            says=says,
            detector=_levels(table, "detector", (PERSON, VEHICLE, ANIMAL, ANY)),
            classifier=_levels(table, "classifier", (PERSON, VEHICLE, ANIMAL, BLANK)),
            below=_levels(table, "below", (PERSON, VEHICLE, ANIMAL, ANY)),
            least=table.number("least", 0.0, 1.0) if weighs else 0.0,
            up_to=table.one_of("up_to", RANKS[1:], "class") if says == "roll_up" else "class",
        )
        if not (weighs or rule.detector or rule.classifier):
            raise table.wrong("detector", "at least one condition of detector or classifier")
        if rule.name in {one.name for one in rules}:
            raise table.wrong("name", "a name that no other rule has")
        table.close()
        rules.append(rule)
    first = rules[0]
    alone = set(first.detector) == {PERSON} and not first.classifier and not first.below
    if first.says != "person" or not alone or first.detector[PERSON] > SURE_PERSON:
        raise ManifestError(
            f"rules[0]: a rule that says person, by detector.person of at most {SURE_PERSON:g} and nothing else, was "
            "expected first: no other rule may hide a person"
        )
    return tuple(rules)


def _levels(table: Section, key: str, groups: tuple[str, ...]) -> dict[str, float]:
    levels = table.section(key, needed=False)
    found: dict[str, float] = {}
    for group, _ in levels.items():
        if group not in groups:
            raise levels.wrong(group, f"a key that is one of {', '.join(groups)}")
        found[group] = levels.number(group, 0.0, 1.0)
    return found


def _limits(table: Section) -> Limits:
    standard = Limits()
    unsure: dict[str, tuple[float, float]] = {}
    for group, known in standard.unsure.items():
        value = table.get(group)
        pair = cast("list[object]", value) if isinstance(value, list) else list(known) if value is None else []
        ends = [float(one) for one in pair if isinstance(one, int | float) and not isinstance(one, bool)]
        if len(ends) != 2 or len(pair) != 2 or not 0 <= ends[0] < ends[1] <= 1:
            raise table.wrong(group, "two numbers from 0 to 1, the second larger,")
        unsure[group] = (ends[0], ends[1])
    found = Limits(
        unsure=unsure,
        rare=table.number("rare", 0.0, 1.0, standard.rare),
        # Above 0: without a sample of blanks nobody knows what the light model misses.
        blanks=table.number("blanks", 0.0, 1.0, standard.blanks),
        blank=table.number("blank", 0.0, 1.0, standard.blank),
        weight=table.number("weight", 0.0, 100.0, standard.weight),
        one_thing=table.number("one_thing", 0.0, 1.0, standard.one_thing),
        model=table.text("model", "", most=64),
    )
    table.close()
    return found


def _repeating(table: Section) -> Repeating:
    standard = Repeating()
    found = Repeating(
        overlap=table.number("overlap", 0.5, 1.0, standard.overlap),
        bursts=table.whole("bursts", 3, 100_000, standard.bursts),
        over_s=table.number("over_h", 0.0, 10_000.0, standard.over_s / 3600) * 3600,
        largest=table.number("largest", 0.0, 1.0, standard.largest),
        # Never silenced: what is divided by this can still be seen.
        divide=table.number("divide", 1.0, 10.0, standard.divide),
        sure=table.number("sure", 0.0, 1.0, standard.sure),
        asleep_s=table.number("asleep_h", 0.0, 10_000.0, standard.asleep_s / 3600) * 3600,
    )
    table.close()
    return found


def _auditing(table: Section) -> Auditing:
    found = Auditing(table.number("share", 0.0, 1.0, SHARE), table.number("wanted", 0.5, 0.9999, WANTED))
    table.close()
    return found
