"""Can this observation be so? What cannot is kept in quarantine, with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hub.records.errors import Implausible, Malformed
from hub.records.observation import Detection, Observation, Reading, Sighting
from hub.records.vantage import vantage_of

# The GPS epoch: a receiver without a fix reports 1970 or 1980.
EARLIEST = datetime(1980, 1, 7, tzinfo=UTC)
HALF_ROUND_M = 20_037_508.0
# Clocks of devices run fast; a day covers a wrong zone as well.
TOLERATED_FUTURE = timedelta(hours=24)
# Within a day it is kept, but from here on its clock is not believed.
BELIEVED_FUTURE = timedelta(minutes=15)
# No device that reports live was in the field before: its clock was reset. A file may well be older.
LIVE_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
# Cameras and sensors start from a factory's date once their battery was empty: 2000, 2010 ... What one that reports
# live noticed longer ago than this did not happen then. Fixes carry the time of their satellites.
OLDEST_LIVE = timedelta(days=2 * 365)
IN_FUTURE, BEFORE_2000, RESET = "clock_in_future", "clock_before_2000", "clock_reset"
CLOCK_FLAGS = frozenset({IN_FUTURE, BEFORE_2000, RESET})


def check(observation: Observation, received_at: datetime, device: str | None) -> None:
    """Raise Implausible or Malformed with what is wrong and where."""
    longitude, latitude = observation.longitude, observation.latitude
    if (longitude is None) != (latitude is None):
        raise Malformed("longitude and latitude: one is given without the other")
    if longitude is not None and latitude is not None:
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):  # also refuses NaN
            raise Implausible(f"place ({longitude}, {latitude}): longitude is -180..180 and latitude -90..90 degrees")
        if longitude == 0 and latitude == 0:
            raise Implausible("place (0, 0): receivers without a fix report it; send no place instead")
    ellipse = observation.ellipse
    radii = (observation.uncertainty_m, *((ellipse.semi_major_m, ellipse.semi_minor_m) if ellipse else ()))
    if any(radius is not None and not 0 <= radius <= HALF_ROUND_M for radius in radii):  # also refuses NaN
        raise Implausible(f"uncertainty {radii}: a place is known to within half the way round the Earth, or not given")
    if isinstance(observation, Detection | Sighting):
        try:
            vantage_of(observation.attributes)
        except ValueError as wrong:
            raise Implausible(f"attributes: {wrong}") from None
    if observation.observed_at < EARLIEST:
        raise Implausible(f"observed_at {observation.observed_at.isoformat()} is before GPS time began: a reset clock")
    if observation.observed_at > received_at + TOLERATED_FUTURE:
        raise Implausible(
            f"observed_at {observation.observed_at.isoformat()} is more than a day after it was received "
            f"({received_at.isoformat()}): check the clock and the time zone of the device"
        )
    if device is not None and observation.device != device:
        raise Implausible(f"the payload speaks for device {observation.device!r}, but came as {device!r}")


def clock_flags(observation: Observation, received_at: datetime, door: str) -> tuple[str, ...]:
    """Flags for a clock that cannot be right. Such an observation is kept, and used for no track."""
    if observation.observed_at > received_at + BELIEVED_FUTURE:
        return (IN_FUTURE,)
    if door == "file":
        return ()
    if observation.observed_at < LIVE_SINCE:
        return (BEFORE_2000,)
    is_by_own_clock = isinstance(observation, Detection | Reading)
    return (RESET,) if is_by_own_clock and observation.observed_at < received_at - OLDEST_LIVE else ()


def holds_nul(value: Any) -> bool:
    """Is there a NUL character in any text of a decoded value? The database cannot hold it."""
    match value:
        case str():
            return "\x00" in value
        case dict():
            return any(holds_nul(k) or holds_nul(v) for k, v in value.items())
        case list() | tuple():
            return any(holds_nul(item) for item in value)
        case _:
            return False
