"""Animals that wander in their home ranges: exact OUF paths on a grid of five minutes, forward and back from the start.

The model is the one of `fusion.motion` (Fleming et al. 2014, American Naturalist 183, E154-E167). It is stationary and,
with the velocity turned round, the same law backwards; so the past of a fresh site is drawn from the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hub.drill.geography import Floats, ground
from hub.drill.streams import stream

STEP_S: Final = 300.0
STEPS: Final = 12
BLOCK_S: Final = STEP_S * STEPS


@dataclass(frozen=True, slots=True)
class Species:
    """How many there are at full scale and how they move. `sigma_m` per axis; `group`: most that go together."""

    key: str
    scientific_name: str
    number: int
    collars: int
    sigma_m: float
    tau_position_s: float
    tau_velocity_s: float
    group: int = 1
    named: bool = False


SPECIES: Final = (
    Species("leopard", "Panthera pardus orientalis", 120, 10, 2_600, 3 * 86_400, 3_600, named=True),
    Species("tiger", "Panthera tigris altaica", 24, 6, 4_000, 3 * 86_400, 4_500, named=True),
    Species("black bear", "Ursus thibetanus", 60, 2, 2_200, 2 * 86_400, 3_000),
    Species("brown bear", "Ursus arctos", 16, 2, 3_000, 3 * 86_400, 3_600),
    Species("sika deer", "Cervus nippon", 420, 0, 600, 43_200, 2_400, group=5),
    Species("roe deer", "Capreolus pygargus", 160, 0, 500, 43_200, 1_800, group=2),
    Species("wild boar", "Sus scrofa", 120, 0, 900, 64_800, 2_400, group=8),
    Species("raccoon dog", "Nyctereutes procyonoides", 60, 0, 700, 43_200, 1_800, group=2),
)


@dataclass(frozen=True, slots=True)
class Animal:
    """One animal (or group). `home`: centre of its range in metres; `name` only where people know it apart."""

    key: str
    species: Species
    home: tuple[float, float]
    name: str | None
    sex: str
    collar: str | None


def population(seed: int, scale: float) -> list[Animal]:
    """Everybody, collared first within a species. Homes keep 2.5 sigma from the sea where there is room."""
    earth = ground()
    found: list[Animal] = []
    collars = 0
    for species in SPECIES:
        rng = stream(seed, "homes", species.key)
        number = max(1, round(species.number * scale))
        homes = earth.scatter(rng, earth.park & earth.land.buffer(-2.5 * species.sigma_m), number, apart=4)
        collared = min(number, round(species.collars * scale) or min(species.collars, 1))
        for index, home in enumerate(homes):
            collars += index < collared
            known = species.named or index < collared
            sex = "female" if rng.random() < 0.6 else "male"
            found.append(
                Animal(
                    key=f"{species.key}-{index + 1:03d}",
                    species=species,
                    home=(float(home[0]), float(home[1])),
                    name=f"Drill {species.key} {index + 1}{sex[0].upper()}" if known else None,
                    sex=sex,
                    collar=f"collar-{collars:03d}" if index < collared else None,
                )
            )
    return found


class Herd:
    """The true paths of some animals, made block by block (an hour of `STEPS` steps) and kept until forgotten."""

    def __init__(self, seed: int, animals: list[Animal]) -> None:
        self.animals = animals
        self._home = np.array([animal.home for animal in animals]).reshape(-1, 2)
        species = [animal.species for animal in animals]
        tau_position = np.array([kind.tau_position_s for kind in species])[:, None]
        tau_velocity = np.array([kind.tau_velocity_s for kind in species])[:, None]
        sigma = np.array([kind.sigma_m for kind in species])[:, None]
        self._step = _Step(1 / tau_position, 1 / tau_velocity, sigma)
        keys = [animal.key for animal in animals]
        begin = [stream(seed, "state", key).standard_normal((2, 2)) for key in keys]
        place, speed = np.array(begin).reshape(-1, 2, 2).transpose(1, 0, 2) * np.stack(self._step.spread)
        self._streams = {way: [stream(seed, "path", way, key) for key in keys] for way in ("ahead", "behind")}
        # A walk back through time is a walk forward with the velocity turned round.
        self._states = {"ahead": (place, speed), "behind": (place, -speed)}
        self._blocks: dict[int, Floats] = {}
        self._next = {"ahead": 0, "behind": -1}

    def block(self, index: int) -> Floats:
        """(animals, STEPS + 1, 2) metres from the start of hour `index` to its end; LookupError once forgotten."""
        while index >= self._next["ahead"]:
            self._blocks[self._next["ahead"]] = self._walk("ahead")
            self._next["ahead"] += 1
        while index <= self._next["behind"]:
            self._blocks[self._next["behind"]] = self._walk("behind")[:, ::-1]
            self._next["behind"] -= 1
        if index not in self._blocks:
            raise LookupError(f"the truth of hour {index} is no longer kept")
        return self._blocks[index]

    def forget(self, before: int) -> None:
        """Drop the blocks before this one; they cannot be asked for again."""
        for index in [index for index in self._blocks if index < before]:
            del self._blocks[index]

    def _walk(self, way: str) -> Floats:
        noise = np.array([rng.standard_normal((STEPS, 2, 2)) for rng in self._streams[way]]).reshape(-1, STEPS, 2, 2)
        place, speed = self._states[way]
        path = np.empty((len(self.animals), STEPS + 1, 2))
        path[:, 0] = place
        for number in range(STEPS):
            place, speed = self._step.forward(place, speed, noise[:, number, 0], noise[:, number, 1])
            path[:, number + 1] = place
        self._states[way] = (place, speed)
        return path + self._home[:, None]


class _Step:
    """One exact step of the OUF process for animals with rates a, b (1/s) and sigma s (m), each (n, 1)."""

    def __init__(self, a: Floats, b: Floats, s: Floats) -> None:
        slow, fast, gap = np.exp(-a * STEP_S), np.exp(-b * STEP_S), b - a
        self.f11 = (b * slow - a * fast) / gap
        self.f12 = (slow - fast) / gap
        self.f21 = -a * b * self.f12
        self.f22 = (b * fast - a * slow) / gap
        self.spread = (s, s * np.sqrt(a * b))
        place, speed = s**2, s**2 * a * b
        q11 = place - (self.f11**2 * place + self.f12**2 * speed)
        q12 = -(self.f11 * self.f21 * place + self.f12 * self.f22 * speed)
        q22 = speed - (self.f21**2 * place + self.f22**2 * speed)
        self.l11 = np.sqrt(q11)
        self.l21 = q12 / self.l11
        self.l22 = np.sqrt(q22 - self.l21**2)

    def forward(self, place: Floats, speed: Floats, first: Floats, second: Floats) -> tuple[Floats, Floats]:
        return (
            self.f11 * place + self.f12 * speed + self.l11 * first,
            self.f21 * place + self.f22 * speed + self.l21 * first + self.l22 * second,
        )
