"""Clocks of simulated cameras, from nothing but stamps and times of receipt: how far off after three days, how soon a
reset is noticed, how often one is imagined.

Cameras differ in what the method does not know: the delay that their modem always has (5 to 60 s), how often the
network holds a picture up, outages of repeaters, drift, bursts, how many pictures there are. Peers of the same run: the
mean and the largest of stamp less receipt.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Final, NamedTuple

import numpy as np

from fusion.ellipse import Floats
from fusion.sensors.clock_offset import candidates, clock_offset
from fusion.sensors.clock_receipts import IN_A_ROW, of_receipts, receipts, stretches

DAY_S: Final = 86_400.0
GOAL_S: Final = 60.0


class Camera(NamedTuple):
    """stamp_s, received_s f8[n] in order of receipt; offset_s f8[n]: of its clock at each; witness bool[n]: the first
    of its burst.
    """

    stamp_s: Floats
    received_s: Floats
    offset_s: Floats
    witness: np.ndarray


def simulated(rng: np.random.Generator, days: float, *, reset_at_s: float | None = None, by_s: float = 0.0) -> Camera:
    """One camera. reset_at_s: from when on its clock is by_s elsewhere."""
    triggers = rng.poisson(days * float(rng.lognormal(np.log(25.0), 0.7))) + 1
    at = np.sort(rng.uniform(0.0, days * DAY_S, triggers))
    burst = rng.integers(1, 4, triggers)
    true_s = np.concatenate([t + np.arange(n) * 1.5 for t, n in zip(at, burst, strict=True)])
    witness = np.concatenate([np.arange(n) == 0 for n in burst])
    least = float(rng.uniform(5.0, 60.0))
    poor = rng.uniform() < 0.15
    held = rng.uniform(size=triggers) < (0.7 if poor else 0.25)
    delay = least + rng.gamma(2.0, 10.0, triggers) + np.where(held, rng.lognormal(np.log(900.0), 1.3, triggers), 0.0)
    for begin in rng.uniform(0.0, days * DAY_S, rng.poisson(0.15 * days)):
        end = begin + float(rng.lognormal(np.log(4.0), 0.8)) * 3600.0
        down = (at >= begin) & (at < end)
        delay[down] = np.maximum(delay[down], end - at[down] + rng.uniform(0.0, 600.0, int(down.sum())))
    received = true_s + np.repeat(delay, burst) + np.concatenate([np.arange(n) * 8.0 for n in burst])
    kind = rng.choice(4, p=[0.6, 0.25, 0.1, 0.05])
    zone = float(rng.choice([-1, 1, 2, -3, 12, -12])) * 3600.0
    offset = [rng.normal(0, 40), rng.normal(0, 400), zone + rng.normal(0, 60), rng.uniform(-5e4, 5e4)][kind]
    clock = offset + rng.normal(0.0, 3.0) * true_s / DAY_S
    if reset_at_s is not None:
        clock = np.where(true_s >= reset_at_s, by_s, clock)
    order = np.argsort(received, kind="stable")
    return Camera((true_s + clock)[order], received[order], clock[order], witness[order])


def of_three_days(cameras: int, seed: int) -> dict[str, float]:
    """Errors after three days of live pictures."""
    rng = np.random.default_rng(seed)
    error, mean_error, largest_error = (np.empty(cameras) for _ in range(3))
    inside = fast = 0
    begin = time.process_time()
    spent = 0.0
    for k in range(cameras):
        one = simulated(rng, 3.0)
        begin = time.process_time()
        known = receipts(one.stamp_s, one.received_s)
        at = candidates(known.lead_s[:1])
        told = clock_offset(at, of_receipts(known, at.offset_s), known.fast)
        spent += time.process_time() - begin
        lead = one.stamp_s - one.received_s
        truth = one.offset_s[-1]
        error[k], mean_error[k] = abs(told.offset_s - truth), abs(lead.mean() - truth)
        largest_error[k] = abs(lead.max() - truth)
        inside += error[k] <= 1.96 * max(told.sd_s, 1.0)
        fast += known.fast > 0
    return {
        "within_60_s": round(float((error <= GOAL_S).mean()), 4),
        "error_p50_s": round(float(np.median(error)), 1),
        "error_p95_s": round(float(np.quantile(error, 0.95)), 1),
        "inside_95_percent_bars": round(inside / cameras, 4),
        "with_fast_witnesses": round(fast / cameras, 4),
        "peer_mean_within_60_s": round(float((mean_error <= GOAL_S).mean()), 4),
        "peer_largest_within_60_s": round(float((largest_error <= GOAL_S).mean()), 4),
        "cpu_ms_a_camera": round(1000 * spent / cameras, 2),
    }


def of_resets(cameras: int, seed: int) -> dict[str, float]:
    """Pictures (bursts count once) from a reset until it is noticed, all or those that came within two minutes; and
    resets imagined in a month without one.
    """
    rng = np.random.default_rng(seed)
    needed: dict[str, list[float]] = {"years_back": [], "hours_back": [], "ahead": []}
    of_prompt: list[int] = []
    for k in range(cameras):
        kind = ("years_back", "hours_back", "ahead")[k % 3]
        by_s = {"years_back": -26 * 365.25 * DAY_S, "hours_back": -float(rng.choice([1, 3, 12])) * 3600.0 - 5e4}
        one = simulated(rng, 12.0, reset_at_s=6 * DAY_S, by_s=by_s.get(kind, 5e4 + 7200.0))
        after = np.flatnonzero(one.offset_s == by_s.get(kind, 5e4 + 7200.0))
        if not len(after) or after[0] < 20:
            continue
        before = stretches(one.stamp_s[: after[0]], one.received_s[: after[0]])[-1]
        pictures = prompt = 0
        for end in after:
            pictures += bool(one.witness[end])
            held_s = one.received_s[end] - (one.stamp_s[end] - one.offset_s[end])
            prompt += bool(one.witness[end]) and held_s < 120.0
            if stretches(one.stamp_s[: end + 1], one.received_s[: end + 1])[-1] > before:
                break
            if pictures > 20:
                break
        needed[kind].append(pictures)
        of_prompt.append(prompt)
    imagined = sum(int(stretches(*simulated(rng, 30.0)[:2])[-1]) for _ in range(cameras))
    out = {f"{kind}_within_3": round(float(np.mean(np.array(n) <= IN_A_ROW)), 4) for kind, n in needed.items()}
    everything = np.concatenate([np.array(n) for n in needed.values()])
    out["within_3"] = round(float((everything <= IN_A_ROW).mean()), 4)
    out["within_3_that_came_promptly"] = round(float((np.array(of_prompt) <= IN_A_ROW).mean()), 4)
    out["imagined_per_camera_month"] = round(imagined / cameras, 4)
    return out


def main() -> None:
    """Print the figures; the last line is one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a few cameras")
    parser.add_argument("--cameras", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    cameras = 60 if chosen.quick else chosen.cameras
    wall = time.perf_counter()
    found: dict[str, object] = {
        "bench": "camera_clock",
        "cameras": cameras,
        "offset": of_three_days(cameras, chosen.seed),
        "goals": {"within_60_s": 0.95, "resets_within_3": 1.0},
        "resets": of_resets(max(3, cameras // 5), chosen.seed + 1),
    }
    found["cpu_s"], found["wall_s"] = round(time.process_time(), 1), round(time.perf_counter() - wall, 1)
    print(json.dumps(found, indent=None if chosen.json else 2))


if __name__ == "__main__":
    main()
