"""Builds InfluxDB 2, whose Flux is in Rust: by Go, cargo and a C compiler, some five minutes.

`go install` refuses its module, which replaces another; so its source is copied and built there.
Flux comes with it as source, and InfluxData's own pkg-config has cargo compile it. That source
turns warnings into errors and names a compiler of its day; a newer one, which warns of more, is
told to only warn.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dauexp.services.programs import Program

_MODULE: Final = "github.com/influxdata/influxdb/v2"
_PKG_CONFIG: Final = "github.com/influxdata/pkg-config@v0.2.14"
_LENIENT: Final = """#!/bin/sh
# Runs the Rust compiler so that no warning is an error.
rustc=$1
shift
case " $* " in
  *" --cap-lints "*) exec "$rustc" "$@" ;;
esac
exec "$rustc" "$@" --cap-lints warn
"""


@dataclass(frozen=True)
class Influxd2(Program):
    """The server of InfluxDB 2, without its user interface."""

    @property
    def built(self) -> Path:
        """The binary."""
        return self.folder / "influxd"

    @property
    def tools(self) -> Mapping[str, str]:
        """Two languages, and a linker between them."""
        return {"go": "Go 1.24 or later", "cargo": "Rust", "cc": "a C compiler"}

    def build(self, folder: Path) -> None:
        """Compiles Flux and the server; the source is removed again."""
        self.run(["go", "mod", "download", f"{_MODULE}@v{self.version}"])
        source = folder / "source"
        shutil.copytree(self._downloaded(), source)
        subprocess.run(["chmod", "-R", "u+w", str(source)], check=True)
        self.run(["go", "install", _PKG_CONFIG], GOBIN=str(folder / "bin"), GOFLAGS="")
        lenient = folder / "bin" / "rustc-lenient"
        lenient.write_text(_LENIENT, encoding="utf-8")
        lenient.chmod(0o755)
        self.run(
            [
                *("go", "build", "-C", str(source), "-o", str(folder / "influxd")),
                *("-ldflags", f"-s -w -X main.version={self.version}", "./cmd/influxd"),
            ],
            CGO_ENABLED="1",
            GOFLAGS="",
            PATH=f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            PKG_CONFIG=str(folder / "bin" / "pkg-config"),
            RUSTC_WRAPPER=str(lenient),
            RUSTUP_TOOLCHAIN=_toolchain(),
        )
        for name in ("source", "bin"):
            shutil.rmtree(folder / name)

    def _downloaded(self) -> Path:
        """Where Go keeps the module's source."""
        command = ["go", "mod", "download", "-json", f"{_MODULE}@v{self.version}"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return Path(json.loads(told)["Dir"])


def _toolchain() -> str:
    """The Rust that is in use here, in place of the one that Flux names; where there is no rustup,
    which alone reads it, any word."""
    try:
        told = subprocess.run(
            ["rustup", "show", "active-toolchain"], capture_output=True, text=True, check=False
        ).stdout.split()
    except OSError:
        told = []
    return told[0] if told else "stable"
