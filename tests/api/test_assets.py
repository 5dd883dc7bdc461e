"""The browser's files: caching, ranges, policy, and no way out of the folder."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

import brotli
import pytest
from litestar import Litestar

from tests.api.conftest import Hub, Present, an_application, problem

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small console beside a file that nobody may read."""
    above = tmp_path_factory.mktemp("console")
    folder = above / "web"
    (folder / "vendor").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<script type="importmap">{"imports": {"x": "{{ASSETS}}/vendor/x.mjs"}}</script>'
        '<script type="module" src="{{ASSETS}}/app.js"></script>'
    )
    (folder / "app.js").write_text("export const text = 'leopard';\n" * 200)
    (folder / "vendor" / "x.mjs").write_text("export default 1;\n")
    (folder / "mark.png").write_bytes(bytes(range(256)))
    (folder / ".hidden.js").write_text("secret")
    (above / "secret.js").write_text("secret")
    (folder / "way_out.js").symlink_to(above / "secret.js")
    return folder


@pytest.fixture(scope="module")
def application(present: Present, web: Path) -> Litestar:
    """One that shows the small console."""
    return an_application(present, web.parent, web)


async def hashed(hub: Hub) -> str:
    """The folder that the page loads its files from."""
    found = re.search(r"/assets/[0-9a-f]{16}", (await hub.client.get("/")).text)
    assert found is not None
    return found[0]


async def test_page__loads_hashed_files_that_are_kept_for_ever(hub: Hub, web: Path) -> None:
    answer = await hub.client.get(f"{await hashed(hub)}/app.js")
    assert answer.content == (web / "app.js").read_bytes()
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_page__is_asked_for_again_and_not_sent_again(hub: Hub) -> None:
    first = await hub.client.get("/")
    assert first.headers["cache-control"] == "no-cache"
    again = await hub.client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_page__policy_allows_its_own_import_map_and_no_other_inline_script(hub: Hub) -> None:
    answer = await hub.client.get("/")
    inline = re.findall(r'<script type="importmap">(.*?)</script>', answer.text, re.DOTALL)
    (digest,) = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in inline]
    policy = answer.headers["content-security-policy"]
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy


async def test_page__gets_a_new_folder_when_a_file_is_edited(hub: Hub, web: Path) -> None:
    (web / "edited.js").write_text("export const text = 'leopard';\n")
    before = await hashed(hub)
    (web / "edited.js").write_text("export const text = 'lynx';\n")
    after = await hashed(hub)
    assert after != before
    old = await hub.client.get(f"{before}/edited.js")
    assert (old.text, old.headers["cache-control"]) == ("export const text = 'lynx';\n", "no-cache")


@pytest.mark.parametrize("path", ["/", "/assets/app.js", "/api/docs", "/health/live", "/nowhere", "/api/v1/me"])
async def test_every_answer__takes_powers_away(hub: Hub, path: str) -> None:
    headers = (await hub.client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] in ("no-store", "no-cache")
    assert "camera=()" in headers["permissions-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_asset__without_a_hash_is_asked_for_again(hub: Hub) -> None:
    first = await hub.client.get("/assets/app.js")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await hub.client.get("/assets/app.js", headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await hub.client.get("/assets/app.js", headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize(("accept", "encoding"), [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, *;q=0.5", "gzip")])
async def test_asset__is_compressed_as_asked(hub: Hub, web: Path, accept: str, encoding: str) -> None:
    async with hub.client.stream("GET", "/assets/app.js", headers={"Accept-Encoding": accept}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    unpacked = brotli.decompress(raw) if encoding == "br" else gzip.decompress(raw)
    assert unpacked == (web / "app.js").read_bytes()
    assert len(raw) < len(unpacked)


@pytest.mark.parametrize("accept", ["identity", "", "br;q=0, gzip;q=0"])
async def test_asset__is_plain_for_who_cannot_unpack(hub: Hub, accept: str) -> None:
    answer = await hub.client.get("/assets/app.js", headers={"Accept-Encoding": accept})
    assert "content-encoding" not in answer.headers
    picture = await hub.client.get("/assets/mark.png", headers={"Accept-Encoding": "br"})
    assert "content-encoding" not in picture.headers


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=250-", 250, 255), ("bytes=-6", 250, 255), ("bytes=9-999", 9, 255)],
)
async def test_range__is_a_part(hub: Hub, asked: str, first: int, last: int) -> None:
    answer = await hub.client.get("/assets/mark.png", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == bytes(range(first, last + 1))
    assert answer.headers["content-range"] == f"bytes {first}-{last}/256"


@pytest.mark.parametrize("asked", ["bytes=256-", "bytes=-0"])
async def test_range__outside_the_file_is_416(hub: Hub, asked: str) -> None:
    answer = await hub.client.get("/assets/mark.png", headers={"Range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */256")


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "lines=1-2", "bytes=9-3", "bytes=-", "bytes=x-"])
async def test_range__that_we_do_not_serve_is_all_of_it(hub: Hub, asked: str) -> None:
    answer = await hub.client.get("/assets/mark.png", headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, 256)


async def test_range__of_another_version_is_all_of_it(hub: Hub) -> None:
    answer = await hub.client.get("/assets/mark.png", headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (answer.status_code, len(answer.content)) == (200, 256)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.js",
        "..%2fsecret.js",
        "%2e%2e/secret.js",
        "vendor/../../secret.js",
        "vendor/..%5c..%5csecret.js",
        "%2fetc/passwd",
        "/etc/passwd",
        "way_out.js",
        ".hidden.js",
        "app.js%00.png",
        "vendor",
        "",
    ],
)
async def test_path__never_leads_out(hub: Hub, path: str) -> None:
    for folder in ("/assets", await hashed(hub)):
        answer = await hub.client.get(f"{folder}/{path}")
        assert answer.status_code == 404
        assert "secret" not in answer.text
        problem(answer, 404)


async def test_head__has_the_headers_alone(hub: Hub) -> None:
    answer = await hub.client.head("/assets/mark.png")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "256")
