"""Runs a notebook from top to bottom and leaves in it nothing that differs from run to run."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Final

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from docs.hooks.notebook_template import NotebookError

TIMEOUT_SECONDS: Final = 600
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


def run(notebook: NotebookNode, title: str, folder: Path) -> NotebookNode:
    """Run ``notebook`` in place, with ``folder`` as the working directory, and return it.

    Raises NotebookError, naming ``title`` and the cell, where a cell raises, hangs or writes to standard
    error (a warning in a published derivation is a defect).
    """
    metadata = notebook.metadata
    try:
        with tempfile.TemporaryDirectory() as sockets:
            client = NotebookClient(
                notebook,
                timeout=TIMEOUT_SECONDS,
                kernel_name="python3",
                config=_settings(sockets),
                resources={"metadata": {"path": str(folder)}},
                record_timing=False,
            )
            client.execute(env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(folder)})
    except CellExecutionError as error:
        number, cell = _failed(notebook)
        raise NotebookError(
            f"notebook {title}: cell {number}: {_plain(f'{error.ename}: {error.evalue}')}\n{cell.source}"
        ) from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise NotebookError(f"notebook {title}: {_plain(str(error))}") from None
    notebook.metadata = metadata
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code":
            cell.metadata = {"tags": cell.metadata.get("tags", [])}
            _settle(cell, f"notebook {title}: cell {number}")
    return notebook


def _settings(sockets: str) -> Config:
    """Where the system can, the kernel is spoken to through files in ``sockets``: no port is opened."""
    if os.name == "nt":
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})


def _failed(notebook: NotebookNode) -> tuple[int, NotebookNode]:
    for number, cell in enumerate(notebook.cells, start=1):
        if any(output.output_type == "error" for output in cell.get("outputs", ())):
            return number, cell
    raise AssertionError("a cell raised, and none holds the error")


def _plain(text: str) -> str:
    return _COLOUR.sub("", text)


def _settle(cell: NotebookNode, where: str) -> None:
    """One stream for what was printed in pieces: how the kernel cuts it into messages is chance."""
    settled: list[NotebookNode] = []
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            raise NotebookError(
                f"{where}: expected nothing on standard error, got {_plain(output.text.strip())!r}"
            )
        if output.output_type == "stream" and settled and settled[-1].output_type == "stream":
            settled[-1].text += output.text
        else:
            settled.append(output)
    cell.outputs = settled
