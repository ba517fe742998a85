"""Starts the workers, one after the other, and puts together what they found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import machine, versions
from benchmarks.record import FORMAT
from benchmarks.settings import Plan

ROOT = Path(__file__).resolve().parents[1]
# What tells OpenBLAS, OpenMP, MKL and Apple's Accelerate how many threads to use; read when they are loaded.
TOLD_BY = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class WorkerError(RuntimeError):
    """A worker ended without a result; it has said why on stderr."""


def measure(plan: Plan, threads: Iterable[int]) -> dict[str, Any]:
    """A whole run as `record.read` reads it. Raises WorkerError."""
    begin = time.monotonic()
    about = machine()  # first, for the load that was there before ours
    found: dict[str, Any] = {"speed": [], "forward": [], "memory": [], "growth": []}
    for count in threads:
        for key, rows in worker(plan, count).items():
            found[key] += rows
    return {
        "format": FORMAT,
        "plan": plan.name,
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.monotonic() - begin, 1),
        "machine": about,
        "versions": versions(),
        **found,
    }


def worker(plan: Plan, threads: int) -> dict[str, Any]:
    """What one worker measures; what it says of its progress is said on stderr. Raises WorkerError."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker"],
        cwd=ROOT,
        env=os.environ | dict.fromkeys(TOLD_BY, str(threads)),
        input=json.dumps({"plan": plan.to_json(), "threads": threads}),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise WorkerError(f"the worker with threads = {threads} failed with status {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
