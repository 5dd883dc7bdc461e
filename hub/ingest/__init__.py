"""Doors: how observations come in. `accept.py` is the only way into the log."""
