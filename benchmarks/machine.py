"""On what a run was made: processor, memory, system, and the versions of all that takes part."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info


class ThreadsError(RuntimeError):
    """A library does not keep to the number of threads that it was told."""


def machine() -> dict[str, Any]:
    """Processor, cores that this process may use, bytes of memory, system, and how busy it was in the last minute."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": system(),
        "load": round(os.getloadavg()[0], 2),
    }


def processor() -> str:
    """The processor's name as it gives it itself; its architecture where it gives none."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        named = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE)
        if named:
            return " ".join(named[1].split())
    if sys.platform == "darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return platform.processor() or platform.machine()


def system() -> str:
    """The operating system and its version, e.g. `Debian GNU/Linux 12 (bookworm)`."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"


def versions() -> dict[str, str]:
    """Python, NumPy, the BLAS that NumPy calls and the kernels that it chose here, Numba, PyTorch, and lstmref."""
    import torch

    return {
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "blas": blas(),
        "numba": version("numba"),
        "torch": str(torch.__version__),
        "lstmref": version("lstmref"),
    }


def blas() -> str:
    """NumPy's BLAS, e.g. `scipy-openblas 0.3.31 (SkylakeX)`."""
    built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    named = f"{built['name']} {built['version']}"
    kernels = [one.get("architecture") for one in threadpool_info() if one["user_api"] == "blas"]
    return f"{named} ({kernels[0]})" if kernels and kernels[0] else named


def check_threads(threads: int) -> None:
    """Raises ThreadsError unless every library that is loaded uses so many threads."""
    import torch

    found = {str(one["prefix"]): int(one["num_threads"]) for one in threadpool_info()}
    found["torch"] = torch.get_num_threads()
    wrong = {name: count for name, count in found.items() if count != threads}
    if wrong:
        told = ", ".join(f"{name} {count}" for name, count in wrong.items())
        raise ThreadsError(f"threads: expected {threads}, got {told}")
