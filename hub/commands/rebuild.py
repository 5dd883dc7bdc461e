"""`rosette rebuild`: tracks and proposals again from the log, and whether they came out the same."""

from __future__ import annotations

from hub.commands.replay import replay_tracks

# The same as `rosette replay tracks`, under the name that people look for.
command = replay_tracks
