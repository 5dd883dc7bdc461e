"""Which parameters whose track is made with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from fusion.motion import PARAMETERS
from fusion.sensors import argos
from hub.pipeline.movement import ANYWHERE_M, Movements, kind_of, parameters_of
from hub.pipeline.refit import TOLERANCE, differs
from hub.pipeline.world import World, affected_by
from hub.records.finding import Subject
from hub.records.movement import UNFITTED, Movement, Tag
from hub.records.reference import Individual
from tests import builders as a

SITE = "leopard"
NARROW = tuple(0.01 if k % 5 == 0 else 0.0 for k in range(16))


def fit(individual: Individual, **given: Any) -> Movement:
    said: dict[str, Any] = {
        "tau_position_s": 50_000.0,
        "tau_velocity_s": 2_000.0,
        "sigma_m": 1_000.0,
        "centre_drift_m2_s": 0.0,
        "error_scale": 2.0,
        "spread_factor": 1.5,
    }
    return Movement(individual=individual.id, log_covariance=NARROW, fixes=500, **(said | given))


def leopards(n: int) -> dict[UUID, Individual]:
    return {one.id: one for one in (a.an_individual(SITE, f"F{k:02}") for k in range(n))}


def test_movements__an_animal_with_a_fit_has_its_own() -> None:
    cats = leopards(1)
    (cat,) = cats.values()
    found = Movements([fit(cat)], cats).of(cat.id, cat.scientific_name)
    assert found.is_fitted
    assert found.parameters.sigma_m == pytest.approx(1_000.0 * 1.5**0.5)
    assert found.error_factor == pytest.approx(2.0**2 * 1.5)
    assert found.parameters.centre_sd_m == ANYWHERE_M


def test_movements__an_animal_without_one_has_what_its_kind_shares_once_enough_are_fitted() -> None:
    cats = leopards(4)
    *fitted, stranger = cats.values()
    few = Movements([fit(one) for one in fitted[:2]], cats).of(stranger.id, stranger.scientific_name)
    assert few.parameters is PARAMETERS["leopard"] and not few.is_fitted
    enough = Movements([fit(one) for one in fitted], cats).of(stranger.id, "Panthera pardus")
    assert enough.is_fitted
    assert 1_000.0 < enough.parameters.sigma_m < 2_000.0


def test_movements__one_kind_says_nothing_of_another() -> None:
    cats = leopards(3)
    movements = Movements([fit(one) for one in cats.values()], cats)
    assert movements.of(a.an_id("x"), "Sus scrofa").parameters is PARAMETERS["boar"]


def test_kind__is_genus_and_species_whatever_the_subspecies() -> None:
    assert kind_of("Panthera pardus orientalis") == kind_of("panthera pardus") == "panthera pardus"
    assert parameters_of("Panthera tigris altaica") is PARAMETERS["tiger"]
    assert parameters_of("") is PARAMETERS["default"]


def test_world__is_another_one_with_every_bit_of_a_fit() -> None:
    cats = leopards(1)
    (cat,) = cats.values()
    one = fit(cat)
    worlds = [
        World(a.a_site(SITE), [cat], fits=fits)
        for fits in ([], [one], [msgspec.structs.replace(one, sigma_m=1_000.0000000001)])
    ]
    assert len({world.digest for world in worlds}) == 3
    assert worlds[0].digest == World(a.a_site(SITE), [cat]).digest


def test_world__a_new_fit_concerns_the_animal_and_those_whose_kind_it_speaks_for() -> None:
    cats, boar = leopards(4), a.an_individual(SITE, "B1", scientific_name="Sus scrofa")
    records = [*cats.values(), boar]
    fits = [fit(one) for one in list(cats.values())[:3]]
    before, after = World(a.a_site(SITE), records), World(a.a_site(SITE), records, fits=fits)
    subjects, devices = affected_by(before, after)
    assert subjects == {Subject(kind="individual", id=key) for key in cats}
    assert devices == set()
    assert affected_by(after, after) == (set(), set())


def test_differs__small_changes_are_not_worth_new_tracks() -> None:
    (cat,) = leopards(1).values()
    one = fit(cat)
    assert not differs(one, msgspec.structs.replace(one, sigma_m=1_000.0 * (1 + TOLERANCE / 2), fixes=501))
    assert differs(one, msgspec.structs.replace(one, sigma_m=1_000.0 * (1 + 2 * TOLERANCE)))
    assert differs(one, msgspec.structs.replace(one, centre_drift_m2_s=1.0))
    tagged = msgspec.structs.replace(one, tags=(Tag(device="ptt", psi=3.0, fixes=40),))
    assert differs(one, tagged)
    assert not differs(tagged, msgspec.structs.replace(one, tags=(Tag(device="ptt", psi=3.0, fixes=41),)))


def test_tag__of_which_nothing_is_known_is_as_bad_as_any_argos_tag() -> None:
    assert UNFITTED.psi == argos.PSI
    assert (UNFITTED.scale, UNFITTED.tail) == (1.0, 0.0)
