"""The benchmarks of identity still run, and what they count agrees; no figure is judged here."""

from __future__ import annotations

from tests.bench.test_benchmarks_run import quick


def test_fusion_identity__every_variant_is_scored_and_a_missing_peer_is_said() -> None:
    told = quick("fusion_identity")
    assert told["means"].keys() >= {"rosette", "cameras_silent_or_not_known", "oracle"}
    assert told["means"]["oracle"]["identity_accuracy"] > told["means"]["rosette"]["identity_accuracy"] > 0.5
    peer = told["against_stone_soup"]
    assert peer == {"stone_soup": "absent"} or peer["cpu_ratio"] > 1.0


def test_fusion_order__every_case_ends_in_the_same_bytes() -> None:
    told = quick("fusion_order")
    assert told["equal"] == told["cases"] > 0


def test_fusion_rebuild__every_size_ends_in_the_same_bytes_in_another_order() -> None:
    told = quick("fusion_rebuild")
    assert all(row["equal_in_another_order"] for row in told["rows"])
    for row in told["rows"]:
        assert row["fixes"] == row["collars"] * told["days"] * 24
        assert row["right"] > 0.5
        assert min(row["cpu_s"].values()) >= 0.0


def test_fusion_late__every_batch_is_one_new_version_with_all_its_points() -> None:
    told = quick("fusion_late")
    assert told["versions_agree"] and told["points_agree"]
    assert 0 < told["p50_ms"] <= told["p99_ms"] <= told["max_ms"]


def test_fusion_months__every_picture_of_the_month_is_weighed() -> None:
    told = quick("fusion_months")
    assert told["proposals"] == told["pictures"] == 40
    assert told["processor_s"] > 0


def test_fusion_provisional__every_picture_has_an_answer_before_the_whole_set_is_weighed_again() -> None:
    told = quick("fusion_provisional")
    assert told["provisional"] == told["sightings"]
    assert told["likeliest_is_right"] > 0.5
    assert 0 < told["p50_ms"] <= told["p99_ms"]
