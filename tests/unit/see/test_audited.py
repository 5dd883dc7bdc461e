"""What blind looks amount to."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from fusion.camera.rules_toml import parse_rules
from hub.records.sequence import SaidOfSequence, SequenceEntry, SequenceVerdict
from hub.see.audited import checked_of, figures, trusted_from
from hub.see.judged import own_text, rules_of

TAXONOMY = rules_of("").judging.taxonomy


def word(number: int, machine: dict[str, float], *said: str) -> SequenceVerdict:
    entries = tuple(SequenceEntry(label=label, probability=p, source="rule", count=1) for label, p in machine.items())
    return SequenceVerdict(
        id=UUID(int=number),
        sequence=UUID(int=number),
        device=f"cam-{number % 2}",
        infrared=number % 3 == 0,
        pictures=(),
        said=tuple(SaidOfSequence(label=label) for label in said),
        machine=entries,
        blind=True,
        note="",
        decided_by="amina",
        decided_at=datetime(2026, 7, 1, tzinfo=UTC),
    )


def test_answer__is_right_where_a_person_said_it_or_something_below_it() -> None:
    right = checked_of([word(1, {"Cervidae": 0.7}, "Cervus nippon")], TAXONOMY)
    wrong = checked_of([word(1, {"Cervus nippon": 0.7}, "Cervidae")], TAXONOMY)
    assert [one.right for one in right + wrong] == [True, False]


def test_kind__that_the_machine_missed_counts_against_its_recall() -> None:
    found = checked_of([word(1, {"Cervus nippon": 0.9}, "Cervus nippon", "person")], TAXONOMY)
    labels = {one.label: one for one in figures(1, found, 0.98, TAXONOMY).labels}
    assert labels["person"].recall.share == 0.0 and labels["Cervus nippon"].recall.share == 1.0


def test_trust__needs_189_answers_without_a_mistake_and_is_by_label() -> None:
    words = [word(n, {"Cervus nippon": 0.9}, "Cervus nippon") for n in range(189)]
    words += [word(1_000 + n, {"Sus scrofa": 0.9}, "Sus scrofa") for n in range(100)]
    found = checked_of(words, TAXONOMY)
    assert trusted_from(found, 0.98) == {"Cervus nippon": 0.9}
    assert trusted_from(found[1:], 0.98) == {}


def test_figures__are_by_camera_and_light_and_propose_a_calibration_that_a_text_takes() -> None:
    words = [
        word(n, {"Cervus nippon": 0.9 if n % 2 else 0.6}, "Cervus nippon" if n % 4 else "Sus scrofa")
        for n in range(400)
    ]
    found = figures(400, checked_of(words, TAXONOMY), 0.98, TAXONOMY)
    assert [(one.device, one.infrared) for one in found.cameras] == [
        ("cam-0", False), ("cam-0", True), ("cam-1", False), ("cam-1", True)
    ]  # fmt: skip
    assert sum(one.count for one in found.cameras) == 400
    assert found.knots == [(0.6, 0.5), (0.9, 1.0)]
    rules = parse_rules(f'[calibration]\nmethod = "isotonic"\nknots = {[list(k) for k in found.knots]}', own_text())
    assert rules.judging.calibration.knots == ((0.6, 0.5), (0.9, 1.0))
    assert found.calibration_error == pytest.approx(0.1)
    assert figures(0, [], 0.98, TAXONOMY).knots == []
