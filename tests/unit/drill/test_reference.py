"""What the hub is told of the drill: complete, valid, and the same when told again."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from shapely.geometry import shape

from hub.drill.reference import ReserveReference
from hub.drill.reserve import Reserve
from hub.records.reference import Deployment, Device, Fence, Individual, Layer, Place

START = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def reference() -> ReserveReference:
    return Reserve(7, START).reference()


def test_reference__told_twice_is_the_same(reference: ReserveReference) -> None:
    assert list(Reserve(7, START).reference().records()) == list(reference.records())


def test_reference__ids_do_not_depend_on_the_start_of_the_drill(reference: ReserveReference) -> None:
    later = Reserve(7, START.replace(year=2027)).reference()
    assert [record.id for record in later.records()] == [record.id for record in reference.records()]


def test_reference__records_are_valid_and_unique(reference: ReserveReference) -> None:
    records = list(reference.records())
    assert len({record.id for record in records}) == len(records)
    for record in records:
        assert record.site == reference.site.id == "drill"
        kind = type(record)
        assert kind in (Device, Individual, Place, Deployment, Fence, Layer)
        assert msgspec.convert(msgspec.to_builtins(record), kind) == record
    assert reference.site.drill


def test_reference__has_the_sizes_of_the_real_park(reference: ReserveReference) -> None:
    kinds = [device.kind for device in reference.devices]
    assert kinds.count("camera") == 450
    assert kinds.count("collar") == 20
    leopards = [i for i in reference.individuals if i.scientific_name == "Panthera pardus orientalis"]
    assert len(leopards) == 120
    assert all(leopard.sensitive for leopard in leopards)


def test_reference__every_deployment_joins_a_known_device_and_carrier(reference: ReserveReference) -> None:
    devices = {device.id for device in reference.devices}
    carriers = {
        "individual": {record.id for record in reference.individuals},
        "place": {record.id for record in reference.places},
        "person": {record.id for record in reference.people},
        "vehicle": {record.id for record in reference.vehicles},
    }
    for deployment in reference.deployments:
        assert deployment.device in devices
        assert deployment.carrier in carriers[deployment.carrier_kind]


def test_reference__fences_are_valid_polygons_where_the_park_is(reference: ReserveReference) -> None:
    assert {"Core zones", "Border strip", "Park", "Around Slavyanka"} <= {fence.name for fence in reference.fences}
    for fence in reference.fences:
        polygon = shape(fence.geometry)
        assert polygon.geom_type in ("Polygon", "MultiPolygon")
        assert polygon.is_valid
        west, south, east, north = polygon.bounds
        assert 130.3 < west < east < 132.1
        assert 42.2 < south < north < 43.8
        assert fence.alert_from == START


def test_reference__cores_lie_in_the_park(reference: ReserveReference) -> None:
    shapes = {fence.name: shape(fence.geometry) for fence in reference.fences}
    assert shapes["Park"].buffer(1e-5).contains(shapes["Core zones"])


def test_reference__layers_are_valid_and_say_that_they_are_schematic(reference: ReserveReference) -> None:
    assert {layer.role for layer in reference.layers} >= {"boundary", "water", "road", "settlement", "border", "forest"}
    for layer in reference.layers:
        assert layer.credit == "schematic, made for the drill"
        assert layer.geojson["features"]
        assert all(shape(feature["geometry"]).is_valid for feature in layer.geojson["features"])


def test_reference__cameras_stand_on_land_away_from_the_sea(reference: ReserveReference) -> None:
    sea = shape(next(layer for layer in reference.layers if layer.name == "Sea").geojson["features"][0]["geometry"])
    cameras = [place for place in reference.places if place.name.startswith("Camera")]
    assert not any(sea.contains(shape({"type": "Point", "coordinates": (p.longitude, p.latitude)})) for p in cameras)
