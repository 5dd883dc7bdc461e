"""Channel: Firebase Cloud Messaging. The only user of firebase-admin."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from hub.records.errors import Misconfigured, Unavailable
from hub.store.outbox import Telling


class Gone(Exception):
    """The address is dead and will never work again."""


class Channel(Protocol):
    """One way of telling. Returns when the other side has taken it."""

    async def tell(self, telling: Telling) -> None:
        """Deliver; raises Gone, or Unavailable when it is worth another try."""
        ...


class PushUnavailable(Unavailable):
    """The push service does not answer."""

    code = "push-unavailable"


class Firebase:
    """Pushes to the ranger app. Texts carry no coordinates: the app fetches the alert when it may."""

    def __init__(self, credentials: str) -> None:
        import firebase_admin
        from firebase_admin import credentials as kinds

        if not Path(credentials).is_file():
            raise Misconfigured(f"ROSETTE_FIREBASE_CREDENTIALS={credentials}: no such file")
        self._app = firebase_admin.initialize_app(kinds.Certificate(credentials), name="rosette")

    async def tell(self, telling: Telling) -> None:
        """Deliver one message; the alert's id collapses repeats on the phone."""
        await asyncio.to_thread(self._send, telling)

    def _send(self, telling: Telling) -> None:
        from firebase_admin import exceptions, messaging

        message = messaging.Message(
            token=telling.address,
            data={key: str(value) for key, value in telling.body.items()},
            android=messaging.AndroidConfig(priority="high", collapse_key=str(telling.body["alert"])),
        )
        try:
            messaging.send(message, app=self._app)
        except (messaging.UnregisteredError, messaging.SenderIdMismatchError) as error:
            raise Gone(str(error)) from error
        except exceptions.InvalidArgumentError as error:
            raise Gone(str(error)) from error
        except exceptions.FirebaseError as error:
            raise PushUnavailable(str(error)) from error
