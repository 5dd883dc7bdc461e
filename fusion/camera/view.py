"""Has a camera been turned? What most of a day's pictures agree on has a hash; another view has another one.

Each picture has 64 bits that say what it is like (signs of its lowest cosine terms: Zauner 2010, "pHash"). Animals come
and go within a day, the ground stays: the majority of each bit is the hash of the day. Light and dark pictures are
compared with their own kind only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

BITS: Final = 64
TURNED: Final = 12
"""More bits than this, of 64, and it is another view. Another scene differs in about half of them."""
DAY_S: Final = 86_400


def day_hash(hashes: Sequence[int]) -> int:
    """Hashes of one day's pictures, signed or not -> 64 bits, each as most of them have it; a tie is a 0."""
    votes = [sum(one >> bit & 1 for one in hashes) for bit in range(BITS)]
    return sum(1 << bit for bit, count in enumerate(votes) if 2 * count > len(hashes))


def differ(one: int, other: int) -> int:
    """Bits in which two hashes differ."""
    return ((one ^ other) & ((1 << BITS) - 1)).bit_count()


def views(hashes: Mapping[int, int], turned: int = TURNED) -> dict[int, int]:
    """Day -> hash becomes day -> number of the view. A view ends when two days on end differ from its first day.

    One odd day (fog, snow, a deer before the lens) between two that agree with the view does not end it; nor does the
    last day before another one has come.
    """
    days = sorted(hashes)
    found: dict[int, int] = {}
    number, first = 0, hashes[days[0]] if days else 0
    for at, day in enumerate(days):
        after = hashes[days[at + 1]] if at + 1 < len(days) else first
        if differ(hashes[day], first) > turned and differ(after, first) > turned:
            number, first = number + 1, hashes[day]
        found[day] = number
    return found


def views_of(pictures: Iterable[tuple[float, int, bool]], turned: int = TURNED) -> dict[tuple[int, bool], int]:
    """(time in seconds, hash, infrared) of one camera's pictures -> number of the view by day since 1970 and light."""
    by_day: dict[tuple[int, bool], list[int]] = {}
    for at_s, hash_, infrared in pictures:
        by_day.setdefault((int(at_s // DAY_S), infrared), []).append(hash_)
    found: dict[tuple[int, bool], int] = {}
    for light in (False, True):
        hashes = {day: day_hash(members) for (day, one), members in by_day.items() if one == light}
        found |= {(day, light): number for day, number in views(hashes, turned).items()}
    return found


def turned_since(hashes: Mapping[int, int], turned: int = TURNED) -> int | None:
    """Day -> hash of one camera in one light, of about a month -> the first day of another view; None: it is the same.

    The month is what most of its days agree on; the newest days, two at least, differ from it. Once most of the month
    shows the new view, that is the view.
    """
    month = day_hash(list(hashes.values()))
    since: int | None = None
    many = 0
    for day in sorted(hashes, reverse=True):
        if differ(hashes[day], month) <= turned:
            break
        since, many = day, many + 1
    return since if many >= 2 and 2 * many < len(hashes) else None
