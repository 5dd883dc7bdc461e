"""Everything of a hub that has to do with pictures, as one thing: rooms build it up, the composition root takes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from litestar.types import ControllerRouterHandler

from hub.console.looks import look_routes
from hub.console.media import media_routes
from hub.console.uploads import upload_routes
from hub.ingest.accept import Acceptor
from hub.ingest.cameras.doors import CameraDoors
from hub.ingest.mqtt import Message
from hub.ingest.pictures import PictureDoor
from hub.media.key import open_vault
from hub.media.receive import Receiver
from hub.media.uploads import Uploads
from hub.see.registry import Models
from hub.see.seeing import Seeing
from hub.servers import Tasks
from hub.settings import Settings
from hub.store.database import Database


class Pictures:
    """`seeing`: looks at them. `handlers`: routes of the API. `tasks`: what runs as long as the hub does.

    Raises Misconfigured.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        acceptor: Acceptor,
        models: Models,
        now: Callable[[str], datetime],
    ) -> None:
        self.vault = open_vault(settings.folder, settings.media_key)
        self.receiver = Receiver(database, self.vault, now=lambda: now(""))
        self.uploads = Uploads(database, self.vault, self.receiver)
        self.mqtt = PictureDoor[Message](
            self.receiver, self.uploads, now=self.receiver.now, default_site=settings.default_site
        )
        self.seeing = Seeing(database, self.vault, models, acceptor, arrived=self.receiver.arrived)
        self.doors = CameraDoors(settings, database, self.receiver, acceptor, now=self.receiver.now)
        self.handlers: tuple[ControllerRouterHandler, ...] = (
            *media_routes(self.receiver, now),
            *upload_routes(database, self.uploads, now),
            *look_routes(self.seeing),
        )
        self.tasks: Tasks = {
            **self.doors.tasks,
            "seeing": self.seeing.run,
            "uploads": partial(self.uploads.follow, self.receiver.now),
        }
