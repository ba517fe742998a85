"""A record of made-up numbers that a test can find again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.settings import ACCELERATED, CELLS, CONTESTANTS, DTYPES, OURS, THREADS, Size

Data = dict[str, Any]
SIZES = (Size(4, 1, 50, 100), Size(128, 64, 256, 512))
# How long one pass of each takes, in seconds: so lstmref needs half of PyTorch's time, and so on.
SECONDS = {OURS: 0.010, ACCELERATED: 0.0096, "torch": 0.020, "products": 0.008, "loop": 0.070}


def record() -> Data:
    """A whole record in which every target is met; the caller may change it."""
    return {
        "format": 2,
        "plan": "full",
        "date": "2026-11-21",
        "seconds": 330.0,
        "machine": {
            "processor": "Processor 9",
            "cores": 3,
            "memory": 2**34,
            "system": "System 8",
            "load": 0.25,
        },
        "versions": {
            "python": "3.11.7",
            "numpy": "2.4.6",
            "blas": "openblas 0.3.31",
            "numba": "0.68.1",
            "torch": "2.13.0",
            "lstmref": "0.1.0",
        },
        "speed": [
            speed(cell, dtype, threads, size)
            for threads in THREADS
            for size in SIZES
            for cell in CELLS
            for dtype in DTYPES
        ],
        "forward": [
            speed(cell, dtype, threads, size)
            for threads in THREADS
            for size in SIZES
            for cell in CELLS
            for dtype in DTYPES
        ],
        "memory": [
            {
                "cell": cell,
                "dtype": dtype,
                "size": asdict(size),
                "peak": 7 * 2**20,
                "cache": 5 * 2**20,
                "returned": 2**20,
            }
            for size in SIZES
            for cell in CELLS
            for dtype in DTYPES
        ],
        "growth": [growth("T", (10, 100, 1000, 10_000)), growth("B", (1, 8, 64)), growth("H", (8, 64, 512))],
    }


def spread(value: float, part: float = 0.1) -> Data:
    """A summary around a value."""
    return {
        "least": value * (1 - part),
        "q1": value * (1 - part / 2),
        "median": value,
        "q3": value * (1 + part / 2),
        "most": value * (1 + part),
    }


def speed(cell: str, dtype: str, threads: int, size: Size) -> Data:
    """One row, everyone as fast as `SECONDS` say."""
    times = {name: spread(SECONDS[name]) for name in CONTESTANTS[cell]}
    others = [name for name in times if name not in (OURS, ACCELERATED)]
    ratios, accelerated = (
        {name: spread(SECONDS[ours] / SECONDS[name]) for name in others if ours in times}
        for ours in (OURS, ACCELERATED)
    )
    return {
        "cell": cell,
        "dtype": dtype,
        "threads": threads,
        "size": asdict(size),
        "rounds": 12,
        "deviation": {"float32": 2e-6, "float64": 3e-15}[dtype],
        "times": times,
        "ratios": ratios,
        "accelerated": accelerated,
    }


def slow(row: Data, other: str, ratio: float) -> None:
    """Make a row's time so many times that of another; with compiled loops it keeps its share of that."""
    row["times"][other] = spread(SECONDS[OURS] / ratio)
    row["ratios"][other] = spread(ratio)
    if row["accelerated"]:
        row["accelerated"][other] = spread(ratio * SECONDS[ACCELERATED] / SECONDS[OURS])


def growth(axis: str, sizes: tuple[int, ...]) -> Data:
    """3 ms and 2 µs for each of the size."""
    return {
        "axis": axis,
        "cell": "lstm",
        "dtype": "float64",
        "fixed": {name: 7 for name in "TBDH" if name != axis},
        "points": [{"size": size, **spread(3e-3 + 2e-6 * size)} for size in sizes],
        "power": {"factor": 1e-3, "exponent": 0.81, "r2": 0.987},
        "tail": {"factor": 1e-3, "exponent": 0.93, "r2": 0.999},
        "polynomial": {"coefficients": [3e-3, 2e-6, 0.0], "deviation": 0.034},
    }
