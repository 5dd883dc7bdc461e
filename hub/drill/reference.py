"""What the hub is told of the drill before it begins: site, devices, animals, places, deployments, fences, layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from hub.drill.animals import Animal
from hub.drill.cameras import Cameras
from hub.drill.ears import Ears
from hub.drill.fires import SATELLITES
from hub.drill.geography import SITE, layers
from hub.drill.message import FLAG
from hub.drill.people import DRIVING_TEAMS, TEAMS
from hub.drill.phones import phone_key
from hub.drill.watched import fences
from hub.records.ids import content_id
from hub.records.reference import CarrierKind, Deployment, Device, Fence, Individual, Layer, Place
from hub.records.site import Site

DeviceKind = Literal["collar", "camera", "phone", "sensor", "satellite", "vehicle"]


@dataclass(frozen=True, slots=True)
class Carrier:
    """A person or vehicle that carries a device of the drill."""

    id: UUID
    kind: Literal["person", "vehicle"]
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class ReserveReference:
    """Every record has an id made from its name, so that telling it again changes nothing."""

    site: Site
    devices: list[Device]
    individuals: list[Individual]
    places: list[Place]
    deployments: list[Deployment]
    fences: list[Fence]
    layers: list[Layer]
    people: list[Carrier]
    vehicles: list[Carrier]

    def records(self) -> Iterator[Device | Individual | Place | Deployment | Fence | Layer]:
        """All reference records; a deployment comes after the device and the carrier it names."""
        yield from (*self.layers, *self.fences, *self.individuals, *self.places, *self.devices, *self.deployments)


def identity(kind: str, key: str) -> UUID:
    """Id of whatever the drill names `key`."""
    return content_id(SITE.id, kind, key)


def refer(animals: list[Animal], cameras: Cameras, ears: Ears, start: datetime) -> ReserveReference:
    """Reference data of a drill that starts at `start`: nothing before then raises an alert."""
    devices: list[Device] = [_device(key, "satellite", "VIIRS", key.upper()) for key in SATELLITES]
    deployments: list[Deployment] = []

    def carry(key: str, kind: DeviceKind, model: str, carrier_kind: CarrierKind, carrier: str, name: str) -> None:
        device = _device(key, kind, model, name)
        devices.append(device)
        deployments.append(
            Deployment(
                id=identity("deployment", key),
                site=SITE.id,
                device=device.id,
                carrier_kind=carrier_kind,
                carrier=identity(carrier_kind, carrier),
                attributes={FLAG: True},
            )
        )

    for animal in animals:
        if animal.collar:
            carry(animal.collar, "collar", "GPS Iridium", "individual", animal.key, f"Collar {animal.collar[7:]}")
    for key in cameras.keys:
        carry(key, "camera", "cellular trap", "place", key, f"Camera trap {key[4:]}")
    for key in ears.keys:
        carry(key, "sensor", "microphone", "place", key, f"Microphone {key[4:]}")
    # The hub calls people and vehicles by the name of what they carry.
    people = [(f"ranger-{team + 1}", f"Ranger {team + 1}") for team in range(TEAMS)]
    vehicles = [(f"vehicle-{team + 1}", f"Vehicle {team + 1}") for team in range(DRIVING_TEAMS)]
    for team, (key, name) in enumerate(people):
        carry(phone_key(team), "phone", "OwnTracks", "person", key, name)
    for key, name in vehicles:
        carry(f"{key}/tracker", "vehicle", "tracker", "vehicle", key, name)

    return ReserveReference(
        site=SITE,
        devices=devices,
        individuals=[_individual(animal) for animal in animals if animal.name],
        places=_places(cameras, ears),
        deployments=deployments,
        fences=fences(start),
        layers=layers(),
        people=[Carrier(identity("person", key), "person", key, name) for key, name in people],
        vehicles=[Carrier(identity("vehicle", key), "vehicle", key, name) for key, name in vehicles],
    )


def _device(key: str, kind: DeviceKind, model: str, name: str) -> Device:
    return Device(
        id=identity("device", key), site=SITE.id, key=key, kind=kind, name=name, model=model, attributes={FLAG: True}
    )


def _individual(animal: Animal) -> Individual:
    return Individual(
        id=identity("individual", animal.key),
        site=SITE.id,
        name=animal.name or animal.key,
        scientific_name=animal.species.scientific_name,
        sex="female" if animal.sex == "female" else "male",
        life_stage="adult",
        sensitive=animal.species.named,
        attributes={FLAG: True},
    )


def _places(cameras: Cameras, ears: Ears) -> list[Place]:
    widths = cameras.width_m.tolist()
    stations = [
        (key, f"Camera {key[4:]}", place, width_m, {"repeater": f"mast-{mast + 1:02d}"})
        for key, place, width_m, mast in zip(cameras.keys, cameras.places, widths, cameras.repeater, strict=True)
    ]
    masts = [(key, f"Mast {key[4:]}", place, 0.0, {}) for key, place in zip(ears.keys, ears.places, strict=True)]
    return [
        Place(
            id=identity("place", key),
            site=SITE.id,
            name=name,
            longitude=place[0],
            latitude=place[1],
            uncertainty_m=uncertainty_m,
            attributes={FLAG: True, **more},
        )
        for key, name, place, uncertainty_m, more in (*stations, *masts)
    ]
