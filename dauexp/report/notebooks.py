"""Notebooks, executed by papermill in a kernel of the very interpreter that runs this."""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbconvert import HTMLExporter
from papermill.exceptions import PapermillExecutionError

from dauexp.errors import BadInput, DauexpError
from dauexp.report.templating import environment, text_of
from dauexp.resources import notebook_file
from dauexp.store import replacing
from dauexp.temporary import temporary_folder

TIMEOUT_SECONDS = 600
"""A cell that takes longer has gone wrong."""


class ThisInterpreter(AsyncKernelManager):
    """Starts kernels of the interpreter that runs this, whatever kernels a user has installed."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Without folders to look into, it has one kernel: ipykernel's own, of this interpreter.
        self.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
        self.transport_encryption = "auto"  # else the kernel warns that others may listen
        # A home of its own, so that no one's startup files change what a notebook shows.
        stack = ExitStack()
        home = stack.enter_context(temporary_folder())
        weakref.finalize(self, stack.close)
        assert self.kernel_spec is not None
        self.kernel_spec.env["IPYTHONDIR"] = str(home)
        # Its own log tells of its end, which comes as an interrupt. What cells say is not in it.
        self.kernel_spec.argv.append("--log-level=CRITICAL")
        # It runs in the run's folder: a file there is data, and no module to be imported.
        self.kernel_spec.env["PYTHONSAFEPATH"] = "1"


def parameters_of(name: str) -> dict[str, dict[str, str]]:
    """The parameters of a notebook by name, each with its type, default and help."""
    inspected: dict[str, dict[str, str]] = papermill.inspect_notebook(notebook_file(name))
    return inspected


def execute(name: str, output: Path, parameters: Mapping[str, object]) -> None:
    """Executes a notebook into the file `output`, in the folder of that file.

    Raises BadInput for an unknown notebook or parameter, and DauexpError where a cell fails: then
    the notebook is kept as far as it came, named `NAME.failed.ipynb`.
    """
    unknown = parameters.keys() - parameters_of(name).keys()
    if unknown:
        raise BadInput(
            f"notebook {name}: unknown parameter {min(unknown)}; it has "
            f"{', '.join(parameters_of(name))}"
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    failed = output.with_suffix(".failed.ipynb")
    working = output.with_name(f".{output.name}")
    try:
        papermill.execute_notebook(
            notebook_file(name),
            working,
            dict(parameters),
            kernel_name="python3",
            cwd=output.parent,
            progress_bar=False,
            execution_timeout=TIMEOUT_SECONDS,
            kernel_manager_class=ThisInterpreter,
            record_timing=False,
        )
        _keep(working, output)
        with replacing(output.with_suffix(".html")) as beside:
            beside.write_text(page(output), encoding="utf-8")
    except PapermillExecutionError as error:
        _keep(working, failed)
        raise DauexpError(
            f"notebook {name}: In [{error.exec_count}] failed with {error.ename}: {error.evalue}; "
            f"the notebook is kept as {failed}"
        ) from error
    finally:
        working.unlink(missing_ok=True)
    failed.unlink(missing_ok=True)


def page(notebook: Path) -> str:
    """An executed notebook as a page that can be read without Jupyter, and without a network."""
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="basic", raw_template=text_of("notebook.body.jinja")
    )
    body, _ = exporter.from_filename(str(notebook))
    template = environment().get_template("notebook.html.jinja")
    return template.render(name=notebook.stem, body=body, stylesheet=text_of("page.css"))


def _keep(working: Path, output: Path) -> None:
    """Moves an executed notebook to its place, without what papermill noted of this machine (paths
    and times)."""
    notebook = papermill.iorw.load_notebook_node(str(working))
    for part in (notebook, *notebook["cells"]):
        for key in ("papermill", "execution"):
            part["metadata"].pop(key, None)
    with replacing(output) as beside:
        beside.write_text(
            json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
