"""Everything of a hub that has to do with pictures, as one thing: rooms build it up, the composition root takes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from litestar.types import ControllerRouterHandler

from hub.console.camera_health import camera_health_routes
from hub.console.coats import coat_routes
from hub.console.judging import judging_routes
from hub.console.looks import look_routes
from hub.console.media import media_routes
from hub.console.parts import wall_clock
from hub.console.pictures import shown_routes
from hub.console.sequences import sequence_routes
from hub.console.uploads import upload_routes
from hub.ingest.accept import Acceptor
from hub.ingest.cameras.doors import CameraDoors
from hub.ingest.mqtt import Message
from hub.ingest.pictures import PictureDoor
from hub.media.key import open_vault
from hub.media.receive import Receiver
from hub.media.retention import Retention
from hub.media.uploads import Uploads
from hub.see.coats import Coats
from hub.see.registry import Models
from hub.see.second import SecondLooks
from hub.see.seeing import Seeing
from hub.see.sequencing import Sequencing
from hub.see.settling import Settler
from hub.see.showing import Showing
from hub.servers import Tasks
from hub.settings import Settings
from hub.store.database import Database


class Pictures:
    """`seeing` looks at them, `second` looks again where it pays, `sequencing` makes sequences of what was seen,
    `coats` compares coats.

    `handlers`: routes of the API. `tasks`: what runs as long as the hub does.

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
        self.showing = Showing()
        self.retention = Retention(database, self.vault, days=settings.person_picture_days)
        self.seeing = Seeing(database, self.vault, models, acceptor, arrived=self.receiver.arrived)
        self.second = SecondLooks(database, self.vault, models, Settler(database, acceptor))
        self.sequencing = Sequencing(
            database, wished=self.second.wish, classifies=lambda: models.active("classify") is not None
        )
        self.coats = Coats(database, self.vault, classifies=lambda: models.active("classify") is not None)
        self.doors = CameraDoors(settings, database, self.receiver, acceptor, now=self.receiver.now)
        self.handlers = routes_of(self, database, now)
        self.tasks: Tasks = {
            "seeing": self.seeing.run,
            "second looks": self.second.run,
            "sequences": self.sequencing.run,
            "coats": self.coats.run,
            **self.doors.tasks,
            "uploads": partial(self.uploads.follow, self.receiver.now),
            "retention": partial(self.retention.follow, self.receiver.now, wall_clock),
        }

    def close(self) -> None:
        """End the process that makes pictures ready to be shown."""
        self.showing.close()


def routes_of(
    pictures: Pictures, database: Database, now: Callable[[str], datetime]
) -> tuple[ControllerRouterHandler, ...]:
    """Routes of the API. `now`: the clock of a site."""
    return (
        *media_routes(pictures.receiver, now),
        *shown_routes(database, pictures.vault, pictures.showing, now),
        *upload_routes(database, pictures.uploads, now),
        *look_routes(pictures.seeing),
        *sequence_routes(database, now, lambda: pictures.second.problem),
        *judging_routes(database),
        *coat_routes(database),
        *camera_health_routes(database, now),
    )
