"""What a proof says of a formula."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["proved", "refuted"]


@dataclass(frozen=True)
class Verdict:
    """The outcome for one formula by one method.

    Attributes:
        method: ``all-sizes`` or ``unrolled``.
        coverage: what the outcome covers, e.g. ``{"T": [1, 2, 3], "D": 3, "H": 2, "entries": 12}``.
        reason: for a refuted formula, where and how it differs.
    """

    method: str
    outcome: Outcome
    coverage: dict[str, object] = field(default_factory=dict)
    reason: str = ""
