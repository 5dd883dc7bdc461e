"""Every route that a phone or tracker uses."""

from mobile_api import push, trackers

ROUTES = (trackers.ROUTES, push.ROUTES)
