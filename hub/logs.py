"""Structured logs: one JSON object a line, secrets taken out."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime

import msgspec

# Passwords in URLs, bearer keys, cookies, and values of names that say they are secret.
_SECRETS = (
    (re.compile(r"(\w+://[^:/\s]*:)[^@\s]+@"), r"\1***@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 ***"),
    (re.compile(r"\brst_[\w-]+"), "rst_***"),
    (re.compile(r"(?i)\b(password|secret|token|key|session|cookie)(\"?\s*[=:]\s*\"?)[^\s\",;&]+"), r"\1\2***"),
)


def redact(text: str) -> str:
    """The text without secrets."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class JsonLines(logging.Formatter):
    """time, level, logger, message, and the traceback of an error."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


def set_up(level: str) -> None:
    """Log to standard error; libraries only when they warn."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("hub", "mobile_api"):
        logging.getLogger(name).setLevel(level.upper())
