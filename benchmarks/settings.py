"""What is measured: sizes, precisions, threads, and how long each comparison may take."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Axis = Literal["T", "B", "H"]

# Who takes part, by cell, in the order of the turns: ours, as it is by default and with compiled loops, and others.
OURS, ACCELERATED = "lstmref", "numba"
CONTESTANTS = {
    "lstm": (OURS, ACCELERATED, "torch", "products", "loop"),
    "gru-after": (OURS, "torch", "products"),
    "rnn": (OURS, "torch", "products"),
}
CELLS = tuple(CONTESTANTS)
DTYPES = ("float32", "float64")
THREADS = (1, 2)


@dataclass(frozen=True, order=True)
class Size:
    """T steps, B sequences at once, D inputs, H hidden units."""

    T: int
    B: int
    D: int
    H: int

    def __str__(self) -> str:
        return f"({self.T}, {self.B}, {self.D}, {self.H})"


SIZES = (Size(4, 1, 50, 100), Size(100, 1, 64, 128), Size(100, 32, 128, 256), Size(128, 64, 256, 512))


@dataclass(frozen=True)
class Series:
    """One size grows, the others stay. `degree`: that of the polynomial which the operations follow.

    The work of a step is linear in T and in B; in H it is quadratic, because U is (H, H).
    """

    axis: Axis
    fixed: Size
    values: tuple[int, ...]
    degree: int

    def size(self, value: int) -> Size:
        """The sizes at one point of the series."""
        return replace(self.fixed, **{self.axis: value})


GROWTH = (
    Series("T", Size(1, 1, 8, 16), (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000), degree=1),
    Series("B", Size(20, 1, 64, 64), (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024), degree=1),
    Series("H", Size(20, 16, 64, 1), (8, 16, 32, 64, 128, 256, 512, 1024), degree=2),
)
QUICK_GROWTH = (
    Series("T", Size(1, 1, 8, 16), (10, 100, 1_000), degree=1),
    Series("B", Size(20, 1, 64, 64), (1, 8, 64), degree=1),
    Series("H", Size(20, 16, 64, 1), (8, 32, 128), degree=2),
)
# The growth is that of the LSTM, on one thread.
GROWTH_CELL, GROWTH_DTYPE = "lstm", "float64"
# The power law is also fitted to so many of the largest sizes alone, where what a call costs at any size hardly counts.
TAIL = 3


@dataclass(frozen=True)
class Effort:
    """How long a comparison goes on: for so many seconds, but not fewer or more rounds than these."""

    seconds: float
    least: int
    most: int


@dataclass(frozen=True)
class Plan:
    """A whole run. After `deadline` seconds in a worker, each comparison makes do with its least rounds."""

    name: str
    sizes: tuple[Size, ...]
    effort: Effort
    growth: tuple[Series, ...]
    growth_effort: Effort
    deadline: float

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Plan:
        """The plan that `to_json` gave, perhaps by way of JSON."""
        growth = tuple(
            Series(one["axis"], Size(**one["fixed"]), tuple(one["values"]), one["degree"])
            for one in data["growth"]
        )
        return cls(
            data["name"],
            tuple(Size(**one) for one in data["sizes"]),
            Effort(**data["effort"]),
            growth,
            Effort(**data["growth_effort"]),
            data["deadline"],
        )


FULL = Plan("full", SIZES, Effort(3.0, 5, 60), GROWTH, Effort(12.0, 3, 25), deadline=200.0)
QUICK = Plan("quick", SIZES, Effort(0.2, 2, 10), QUICK_GROWTH, Effort(0.5, 2, 10), deadline=30.0)
