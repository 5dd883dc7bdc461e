"""One catalogue of errors. The docstring of a class is its message; `code` is stable and documented.

HTTP status is decided in one other place only: `hub/console/problems.py`.
"""

from __future__ import annotations

from typing import ClassVar


class HubError(Exception):
    """Something went wrong in a way that the hub knows by name."""

    code: ClassVar[str] = "hub-error"

    def __init__(self, detail: str = "", **context: object) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.context = context
        super().__init__(self.detail)


class Rejected(HubError):
    """This input will never be accepted; it is kept in quarantine with its raw bytes."""

    code = "rejected"


class Malformed(Rejected):
    """The bytes are not what the dialect says they should be."""

    code = "malformed"


class Implausible(Rejected):
    """The bytes can be read, but what they say cannot be so."""

    code = "implausible"


class UnknownTopic(Rejected):
    """No dialect and site are configured for this address."""

    code = "unknown-topic"


class TooLarge(Rejected):
    """The payload is larger than this door takes."""

    code = "too-large"


class IdConflict(Rejected):
    """The same id came before with another body; the first one stands."""

    code = "id-conflict"


class InvalidReference(Rejected):
    """A reference record (site, device, deployment, fence …) is not valid."""

    code = "invalid-reference"


class Refused(HubError):
    """The caller may not do this."""

    code = "refused"


class Unauthenticated(Refused):
    """Log in, or send an API key."""

    code = "unauthenticated"


class Forbidden(Refused):
    """Your role does not allow this."""

    code = "forbidden"


class NotFound(Refused):
    """There is no such thing here, or you may not see it."""

    code = "not-found"


class Conflict(Refused):
    """This contradicts what is stored already."""

    code = "conflict"


class ChecksumMismatch(Refused):
    """The bytes that came are not those that the checksum is of; send them again."""

    code = "checksum-mismatch"


class Stale(Refused):
    """Somebody else changed this first; load it again and repeat your change."""

    code = "stale"


class Gone(Refused):
    """It was here, and is not kept any more."""

    code = "gone"


class Throttled(Refused):
    """Too many attempts; wait and try again."""

    code = "throttled"


class Unavailable(HubError):
    """Something that the hub needs is down; the same request may be repeated later."""

    code = "unavailable"


class DatabaseUnavailable(Unavailable):
    """The database does not answer."""

    code = "database-unavailable"


class DiskFull(Unavailable):
    """The database has no room to write; nothing is acknowledged until there is."""

    code = "disk-full"


class BrokerUnavailable(Unavailable):
    """The MQTT broker does not answer."""

    code = "broker-unavailable"


class Misconfigured(HubError):
    """The hub cannot start as it is set up."""

    code = "misconfigured"
