"""The kernel of a notebook: it imports nothing from the run's folder, and only this user reaches
it."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from dauexp.report.notebooks import ThisInterpreter

HIJACKED = (
    *("altair.py", "dauexp.py", "ipykernel_launcher.py", "pandas.py", "tokenize.py"),
    *("sitecustomize.py", "usercustomize.py"),
    *("ipython_config.py", "ipython_kernel_config.py", "jupyter_config.py"),
)
"""Files that Python, IPython or Jupyter would run if they looked for them in this folder."""

CODE = """
import sys, tokenize, altair, pandas, dauexp
print(altair.__file__, "" in sys.path)
"""


def mode_of(path: str) -> int:
    """Who may do what with a file."""
    return stat.S_IMODE(Path(path).stat().st_mode)


async def asked(folder: Path) -> tuple[str, set[str], int]:
    """What the kernel prints in a folder, where it listens, and who may read how to reach it."""
    manager = ThisInterpreter()
    await manager.start_kernel(cwd=str(folder))
    try:
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=120)
        said: list[str] = []

        def hook(message: dict[str, Any]) -> None:
            content = message["content"]
            said.append(content.get("text") or "\n".join(content.get("traceback", ())))

        await client.execute_interactive(CODE, output_hook=hook, timeout=120)
        assert isinstance(manager.provisioner, LocalProvisioner)
        process = psutil.Process(manager.provisioner.pid)
        listening = {
            each.laddr.ip for each in process.net_connections("inet") if each.status == "LISTEN"
        }
        mode = mode_of(manager.connection_file)
        client.stop_channels()
    finally:
        await manager.shutdown_kernel(now=True)
    return "".join(said), listening, mode


def test_a_kernel_imports_nothing_from_the_folder_and_is_reached_by_this_user_alone(
    tmp_path: Path,
) -> None:
    for name in HIJACKED:
        text = f"open({str(tmp_path / 'outside')!r}, 'a').write('run {name} ')\n"
        (tmp_path / name).write_text(text, encoding="utf-8")
    said, listening, mode = asyncio.run(asked(tmp_path))
    assert not (tmp_path / "outside").exists(), (tmp_path / "outside").read_text()
    assert "site-packages/altair/__init__.py False" in said
    assert listening == {"127.0.0.1"}
    assert mode == 0o600
