"""What waits in quarantine, again through the door by which it came: messages to the log, pictures to the vault."""

from __future__ import annotations

from collections.abc import Sequence

from hub.ingest.accept import Acceptor
from hub.media.receive import DIALECT as PICTURE
from hub.media.receive import Receiver
from hub.records.receipt import Arrival, Receipt


class Again:
    """Accepts arrivals as they would be now."""

    def __init__(self, acceptor: Acceptor, receiver: Receiver) -> None:
        self._acceptor = acceptor
        self._receiver = receiver

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        """One receipt each, in their order. Raises Unavailable."""
        messages = iter(await self._acceptor.accept([one for one in arrivals if one.dialect != PICTURE]))
        return [await self._receiver.take_again(one) if one.dialect == PICTURE else next(messages) for one in arrivals]
