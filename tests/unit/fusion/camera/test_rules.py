"""Rules in order, taxa rolled up, a park's list as odds; and texts that say what is wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.camera.burst import REST
from fusion.camera.manifest import ManifestError
from fusion.camera.rules import SPECIESNET, Vote, predict
from fusion.camera.rules_toml import parse_rules
from fusion.camera.taxonomy import Taxonomy
from tests.unit.fusion.camera.judged import FOLDER, primorye, standard

TAXONOMY = standard().judging.taxonomy
SPECIES = ["leopard", "tiger", "lynx", "black bear", "sika deer", "wild boar", "roe deer", "blank", "unheard of"]
SCORES = st.lists(st.tuples(st.sampled_from(SPECIES), st.floats(0.001, 1.0)), min_size=1, max_size=6)


def said(detector: dict[str, float], month: int = 7, **named: float) -> tuple[str, str]:
    rules = standard().judging
    table = {label.replace("_", " "): p for label, p in named.items()}
    table[REST] = 1.0 - sum(table.values())
    found = predict(Vote(detector, table), rules.rules, rules.taxonomy, rules.park, month)
    return found.label, found.source


@pytest.mark.parametrize(
    ("detector", "named", "expected"),
    [
        ({"person": 0.8, "animal": 0.9}, {"leopard": 0.95}, ("person", "person_by_detector")),
        ({"person": 0.3}, {"human": 0.6}, ("person", "person_by_both")),
        ({"person": 0.3}, {"car": 0.6}, ("person", "person_by_detector_vehicle_by_classifier")),
        ({"vehicle": 0.75}, {}, ("vehicle", "vehicle_by_detector")),
        ({"vehicle": 0.3}, {"truck": 0.45}, ("vehicle", "vehicle_by_both")),
        ({"animal": 0.1}, {"empty": 0.6}, ("blank", "blank_by_both")),
        ({"animal": 0.5}, {"blank": 0.995}, ("blank", "blank_by_classifier")),
        ({"animal": 0.1}, {"leopard": 0.85}, ("Panthera pardus", "species_by_classifier")),
        ({"animal": 0.3}, {"leopard": 0.7}, ("Panthera pardus", "species_by_both")),
        ({"animal": 0.1}, {"leopard": 0.7}, ("Panthera", "rolled_up")),
        ({"animal": 0.3}, {"leopard": 0.4, "lynx": 0.3}, ("Felidae", "rolled_up")),
        ({"animal": 0.3}, {"leopard": 0.4, "bear": 0.3}, ("Carnivora", "rolled_up")),
        ({"animal": 0.3}, {"leopard": 0.4, "sika_deer": 0.3}, ("Mammalia", "rolled_up")),
        ({"animal": 0.6}, {"leopard": 0.3, "bird": 0.3}, ("animal", "animal_by_detector")),
        ({"animal": 0.4}, {"leopard": 0.3}, ("unknown", "no_rule")),
    ],
)
def test_rule__answers_in_speciesnets_order(
    detector: dict[str, float], named: dict[str, float], expected: tuple[str, str]
) -> None:
    assert said(detector, **named) == expected


def test_standard_text__holds_the_rules_that_the_code_falls_back_on() -> None:
    assert standard().judging.rules == SPECIESNET


@given(SCORES)
def test_roll_up__sums_are_those_of_all_below_and_never_fall_on_the_way_up(scores: list[tuple[str, float]]) -> None:
    meant = TAXONOMY.meant(dict(scores))
    sums = TAXONOMY.rolled_up(meant)
    for taxon in meant:
        line = [sums[one] for one in TAXONOMY.lineage(taxon)]
        assert line == sorted(line) or line == pytest.approx(sorted(line))
    animals = sum(p for label, p in dict(scores).items() if label != "blank")
    assert sums.get("animal", 0.0) == pytest.approx(animals)


@given(SCORES, st.integers(1, 12))
def test_park__keeps_the_sum_changes_odds_by_its_factors_and_makes_nothing_impossible(
    scores: list[tuple[str, float]], month: int
) -> None:
    park = primorye().judging.park
    raw = TAXONOMY.meant(dict(scores))
    weighed = park.weighed(raw, month, TAXONOMY)
    assert sum(weighed.values()) == pytest.approx(sum(raw.values()))
    assert all(p > 0 for p in weighed.values())
    one, other = min(raw), max(raw)
    factor = park.factor(one, month, TAXONOMY) / park.factor(other, month, TAXONOMY)
    assert weighed[one] / weighed[other] == pytest.approx(raw[one] / raw[other] * factor)


def test_park__takes_the_nearest_listed_taxon_above_and_the_likeliest_below() -> None:
    park, taxonomy = primorye().judging.park, primorye().judging.taxonomy
    assert park.factor("Panthera onca", 7, taxonomy) == park.unlisted
    assert park.factor("Ursidae", 1, taxonomy) == 0.02
    assert park.factor("Ursidae", 7, taxonomy) == 1
    assert park.factor("person", 7, taxonomy) == 1


def test_label__of_speciesnet_finds_the_nearest_taxon_that_is_known() -> None:
    def of(label: str) -> str:
        return TAXONOMY.taxon(label)

    assert of("x;mammalia;carnivora;felidae;panthera;pardus;leopard") == "Panthera pardus"
    assert of("x;mammalia;carnivora;felidae;neofelis;nebulosa;clouded leopard") == "Felidae"
    assert of("x;;;;;;blank") == "blank" and of("x;mammalia;primates;hominidae;homo;sapiens;human") == "person"
    assert of("sofa") == "animal"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sequence]\ngap_s = 5", "sequence.gap_s: a number above 59.999 and not above 3600 was expected, not 5"),
        ("[sequence]\nperson_shown = 0.9", "sequence.person_shown: a number above 0 and not above 0.5"),
        ("[cascade]\nperson = [0.6, 0.2]", "cascade.person: two numbers from 0 to 1, the second larger"),
        ("[cascade]\nblanks = 0", "cascade.blanks: a number above 0"),
        ("[repeat]\ndivide = 1000", "repeat.divide: a number above 1 and not above 10"),
        ("[repeat]\nover = 12", "repeat.over: no such key; known here are overlap, bursts, over_h"),
        ("[park.species]\nLeopard = 1", "park.species.Leopard: a key that is a taxon of [taxa]"),
        ('[park.species]\n"Panthera pardus" = 0', "never 0"),
        ('[park.species]\n"Panthera pardus" = [1, 1]', "or twelve, January first"),
        ('[park]\ntargets = ["Yeti"]', "which has no 'Yeti'"),
        (
            '[taxa.species]\n"Panthera x" = "Pantera"',
            "taxa.species: 'Panthera x' belongs to 'Pantera', which is in no rank",
        ),
        ('[taxa.genus]\n"Felidae" = "Carnivora"', "taxa.genus: 'Felidae' is also a family"),
        ('[taxa.kind]\n"a" = "animal"', "taxa.kind: no such key; known here are species"),
        ('[labels]\nmountain = "Oread"', "labels: 'mountain' means 'Oread', which is no taxon of [taxa]"),
        ('[[rules]]\nname = "a"\nsays = "species"\nleast = 0.8', "rules[0]: a rule that says person"),
        (
            '[[rules]]\nname = "a"\nsays = "person"\ndetector = { person = 0.95 }',
            "rules[0]: a rule that says person, by detector.person of at most 0.9 and nothing else",
        ),
        ('[[rules]]\nname = "a"\nsays = "person"', "rules[0].detector: missing; at least one condition"),
        ('[[rules]]\nname = "a"\nsays = "leopard"', "rules[0].says: one of person, vehicle"),
        ("rules = 3", "rules: one to 50 tables [[rules]] was expected, not 3"),
        ("[extra]\na = 1", "extra: no such key"),
        ("= 3", "camera rules: TOML was expected"),
    ],
)
def test_text__that_is_wrong_is_refused_by_key_value_and_expectation(text: str, told: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        standard(text)
    assert told in str(refusal.value)


def test_text__of_a_park_is_laid_over_the_standard_key_by_key_and_its_lists_replace() -> None:
    mine = '[sequence]\ngap_s = 120\n[park.species]\n"Lynx lynx" = 2\n[labels]\nriys = "Lynx lynx"'
    under = "".join((FOLDER / f"{name}.toml").read_text() for name in ("standard", "taxa"))
    once = parse_rules(mine, under)
    assert once.judging.gap_s == 120 and once.judging.linking.gap_s == 10
    assert once.judging.taxonomy.taxon("Riys") == "Lynx lynx"
    assert once.judging.taxonomy.taxon("leopard") == "Panthera pardus"
    assert set(once.judging.park.species) == {"Lynx lynx"}


def test_text__empty_over_nothing_judges_by_the_built_in_rules() -> None:
    assert parse_rules("").judging.rules == SPECIESNET
    assert parse_rules("").judging.taxonomy == Taxonomy({rank: {} for rank in standard().judging.taxonomy.parents}, {})
