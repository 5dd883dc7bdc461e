"""Versions over HTTP: the ETag of a record is its version in quotes."""

import re

from litestar.exceptions import ClientException, HTTPException

from hub.console.parts import Call

_VERSION = re.compile(r'"([1-9][0-9]{0,8})"')


def etag(version: int) -> str:
    """A version as a strong ETag."""
    return f'"{version}"'


def expected(request: Call) -> int | None:
    """The version that the caller edits (If-Match), or None to create (If-None-Match: *). Neither is answered 428."""
    match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
    if match is not None and none_match is None:
        return _version(match)
    if none_match is not None and none_match.strip() == "*" and match is None:
        return None
    if match is None and none_match is None:
        detail = 'Say If-None-Match: * to create, or If-Match with the version that you saw, such as "3", to edit.'
        raise HTTPException(detail=detail, status_code=428)
    raise ClientException("Send either If-Match with one version, or If-None-Match: *.")


def edited(request: Call) -> int:
    """The version that the caller saw (If-Match), for what can only be done to something that is there."""
    match = request.headers.get("if-match")
    if match is None:
        raise HTTPException(detail='Send If-Match with the version that you saw, such as "3".', status_code=428)
    return _version(match)


def unchanged(request: Call, tag: str) -> bool:
    """Does the caller hold this very version (If-None-Match)?"""
    held = request.headers.get("if-none-match", "")
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in held.split(","))


def _version(header: str) -> int:
    found = _VERSION.fullmatch(header.strip())
    if found is None:
        raise ClientException('If-Match is one version in quotes, such as "3".')
    return int(found[1])
