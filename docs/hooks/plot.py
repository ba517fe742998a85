"""Draws measured points and a fitted curve over logarithmic axes, as SVG in the colours of the page around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 340.0, 230.0
# Room for the labels: left, right, above, below.
LEFT, RIGHT, ABOVE, BELOW = 50.0, 12.0, 10.0, 42.0
# Ticks at these multiples of the powers of ten: the first of them that gives three ticks or more.
STEPS = ((1,), (1, 3), (1, 2, 5), tuple(range(1, 10)))


class Point(NamedTuple):
    """Both coordinates above zero."""

    x: float
    y: float


class Axis(NamedTuple):
    """From the least to the largest value shown, and what is written beside it."""

    low: float
    high: float
    label: str

    def place(self, value: float) -> float:
        """Where a value lies between low (0) and high (1)."""
        return math.log(value / self.low) / math.log(self.high / self.low)


def axis(values: Sequence[float], label: str) -> Axis:
    """An axis that holds all values, with a little room at its ends. Raises ValueError for values of 0 or less."""
    if not values or min(values) <= 0:
        raise ValueError(f"{label}: expected numbers above 0, got {list(values)}")
    return Axis(min(values) / 1.3, max(values) * 1.3, label)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between low and high.

    >>> ticks(0.5, 2000.0)
    [1.0, 10.0, 100.0, 1000.0]
    >>> ticks(8.0, 25.0)
    [8.0, 9.0, 10.0, 20.0]
    """
    found: list[float] = []
    for steps in STEPS:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [
            step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high
        ]
        if len(found) >= 3:
            break
    return found


def svg(points: Sequence[Point], curve: Sequence[Point], x_label: str, y_label: str, text: str) -> str:
    """The drawing; `text` says what it shows to those who do not see it."""
    every = [*points, *curve]
    x, y = axis([one.x for one in every], x_label), axis([one.y for one in every], y_label)

    def at(point: Point) -> tuple[float, float]:
        across, up = x.place(point.x), y.place(point.y)
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            HEIGHT - BELOW - up * (HEIGHT - ABOVE - BELOW),
        )

    bottom, right = HEIGHT - BELOW, WIDTH - RIGHT
    parts = []
    for value in ticks(x.low, x.high):
        across = at(Point(value, y.low))[0]
        parts.append(_line(across, ABOVE, across, bottom, "grid"))
        parts.append(_text(across, bottom + 16, _number(value)))
    for value in ticks(y.low, y.high):
        down = at(Point(x.low, value))[1]
        parts.append(_line(LEFT, down, right, down, "grid"))
        parts.append(_text(LEFT - 6, down + 4, _number(value), anchor="end"))
    parts.append(_text((LEFT + right) / 2, HEIGHT - 6, x_label))
    middle = (ABOVE + bottom) / 2
    parts.append(_text(12, middle, y_label, turn=f' transform="rotate(-90 12 {_short(middle)})"'))
    parts.append(
        f'<rect class="frame" x="{LEFT}" y="{ABOVE}" width="{right - LEFT}" height="{bottom - ABOVE}"/>'
    )
    path = " ".join(f"{_short(across)},{_short(down)}" for across, down in map(at, curve))
    parts.append(f'<polyline class="curve" points="{path}"/>')
    parts += [f'<circle cx="{_short(a)}" cy="{_short(d)}" r="3.2"/>' for a, d in map(at, points)]
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(text)}">'
        + "".join(parts)
        + "</svg>"
    )


def _number(value: float) -> str:
    """A tick as people write it: 0.1, 30, 1000, and 10⁵ from there on."""
    if value < 1e5:
        return f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    factor = round(value / 10**power)
    raised = str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}" if factor == 1 else f"{factor}·10{raised}"


def _short(value: float) -> str:
    return f"{value:.1f}"


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{_short(x1)}" y1="{_short(y1)}" x2="{_short(x2)}" y2="{_short(y2)}"/>'


def _text(x: float, y: float, words: str, anchor: str = "middle", turn: str = "") -> str:
    return f'<text x="{_short(x)}" y="{_short(y)}" text-anchor="{anchor}"{turn}>{escape(words)}</text>'
