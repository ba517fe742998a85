"""What a call costs, counted and not timed: lines of Python, depth of the stack, bytes of memory.

Counts are the same on a slow machine and on a busy one, so a test can compare two of them.
"""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple


class Effort(NamedTuple):
    """The counts of one call."""

    lines: int  # lines of Python that were run
    depth: int  # frames on top of the caller's, at most
    allocated: int  # bytes taken, line by line, also where they are given back at once
    peak: int  # bytes held at one time, at most


def effort(call: Callable[[], object]) -> Effort:
    """Run `call` and count. Not for two threads at once."""
    lines = depth = allocated = peak = 0
    here = sys._getframe()
    held = 0

    def between() -> None:
        nonlocal allocated, held, peak
        now, top = tracemalloc.get_traced_memory()
        allocated += max(0, top - held)
        peak = max(peak, top)
        tracemalloc.reset_peak()
        held = now

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal lines, depth
        between()
        if event == "call":
            above, parent = 0, frame
            while parent is not here and parent.f_back is not None:
                above, parent = above + 1, parent.f_back
            depth = max(depth, above)
        if event == "line":
            lines += 1
        return trace

    before = sys.gettrace()
    tracemalloc.start()
    try:
        held = start = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        sys.settrace(trace)
        kept = call()
        sys.settrace(before)
        between()
        del kept
    finally:
        sys.settrace(before)
        tracemalloc.stop()
    return Effort(lines, depth, allocated, peak - start)
