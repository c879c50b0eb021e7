"""A real server that speaks S3, on this machine, and what lies at a URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dauexp.filesystems import files_at
from dauexp.services.processes import LOOPBACK, free_port, start, wait_until
from dauexp.services.programs import GoProgram

SERVER = GoProgram(
    "versitygw",
    "1.8.0",
    package="github.com/versity/versitygw/cmd/versitygw",
    variable="main.Version",
)

_USERS_CACHE = os.environ.get("XDG_CACHE_HOME")
"""Where the user's cache is, if that is said, before a test says otherwise: what takes minutes to
build is kept there."""

_KEY, _SECRET = "a-key", "a-secret-of-the-test"


@contextmanager
def bucket(top: Path) -> Iterator[str]:
    """Serves a bucket whose files are in a folder; gives its URL. The environment names the
    server."""
    (top / "files" / "bucket").mkdir(parents=True)
    (top / "sidecar").mkdir()
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        with patch.context() as users:
            users.delenv("XDG_CACHE_HOME", raising=False)
            if _USERS_CACHE is not None:
                users.setenv("XDG_CACHE_HOME", _USERS_CACHE)
            program = SERVER.ready()
        for name, value in {
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
            "AWS_ALLOW_HTTP": "true",
            "ROOT_ACCESS_KEY": _KEY,
            "ROOT_SECRET_KEY": _SECRET,
        }.items():
            patch.setenv(name, value)
        _forget()
        command = [str(program), "--port", f"{LOOPBACK}:{port}", "posix"]
        process = start(
            [*command, "--sidecar", str(top / "sidecar"), str(top / "files")], top / "log"
        )
        try:
            wait_until(lambda: _lists("s3://bucket"), process, "versitygw", top / "log", 30)
            yield "s3://bucket"
        finally:
            process.end()
            _forget()


def downloaded(url: str, to: Path) -> Path:
    """All that is at a URL, as somebody would copy it."""
    files, root = files_at(url)
    files.invalidate_cache()
    for path in files.find(root):
        place = to / str(path).removeprefix(f"{root}/")
        place.parent.mkdir(parents=True, exist_ok=True)
        files.get_file(path, str(place))
    return to


def _forget() -> None:
    """fsspec keeps file systems by their URL: this one may be that of an earlier server."""
    files, _ = files_at("s3://bucket")
    files.clear_instance_cache()


def _lists(url: str) -> bool:
    files, root = files_at(url)
    try:
        files.pipe_file(f"{root}/probe", b"1")
    except Exception:  # noqa: BLE001 - whatever it is, it does not answer yet
        return False
    files.rm_file(f"{root}/probe")
    return True
