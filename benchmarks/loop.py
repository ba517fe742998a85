"""The LSTM as it is most often written out by hand: a loop over the steps, one matrix product a gate and step.

    v = [x, h'],   i, f, o = sigmoid(w v + b),   g = tanh(w v + b),   c = f c' + i g,   h = o tanh(c)

Each gate has one weight w = [W U] (H, D + H), which meets the input and the previous h, one behind the other. Backward
goes through the same steps in reverse and adds to every weight's gradient at each. Nothing is fused, nothing kept out
of the loop: this is what speed is measured against, and easy to check by reading. After nicodjimenez-lstm, with the
tanh on c and with a batch.
"""

from __future__ import annotations

import numpy as np

from benchmarks.case import Array, Case, Numbers
from benchmarks.contestant import Contestant

GATES = ("i", "f", "o", "g")


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a))."""
    value: Array = 1 / (1 + np.exp(-a))
    return value


def prepare(case: Case) -> Contestant:
    """Forward, then, unless that is all, backward with a cotangent on every h. The weights are put together before, as
    such a program has them; raises KeyError for a cell without these gates."""
    w = {gate: np.hstack([case.params[f"W_{gate}"], case.params[f"U_{gate}"]]) for gate in GATES}
    b = {gate: case.params[f"b_{gate}"] for gate in GATES}
    h_0, c_0 = case.states["h"], case.states["c"]

    def run() -> Numbers:
        h, steps = forward(w, b, case.x, h_0, c_0)
        return {"h": h} if case.forward_alone else {"h": h, **backward(w, case.dh, steps)}

    return Contestant(run, lambda numbers: numbers if case.forward_alone else _named(case.size.D, numbers))


Step = tuple[Array, Array, dict[str, Array], Array]  # v, c', the gates, tanh(c)


def forward(
    w: dict[str, Array], b: dict[str, Array], x: Array, h: Array, c: Array
) -> tuple[Array, list[Step]]:
    """All h (T, B, H), and of every step what backward needs."""
    outputs, steps = [], []
    for x_t in x:
        v = np.hstack([x_t, h])  # (B, D + H)
        i = sigmoid(v @ w["i"].T + b["i"])  # (B, H)
        f = sigmoid(v @ w["f"].T + b["f"])
        o = sigmoid(v @ w["o"].T + b["o"])
        g = np.tanh(v @ w["g"].T + b["g"])
        c_prev, c = c, f * c + i * g
        s = np.tanh(c)
        h = o * s
        outputs.append(h)
        steps.append((v, c_prev, {"i": i, "f": f, "o": o, "g": g}, s))
    return np.stack(outputs), steps


def backward(w: dict[str, Array], cotangent: Array, steps: list[Step]) -> Numbers:
    """The gradients in x, h_0, c_0, and in the weight w and bias b of every gate."""
    H = cotangent.shape[2]
    dw = {gate: np.zeros_like(w[gate]) for gate in GATES}
    db = {gate: np.zeros_like(w[gate][:, 0]) for gate in GATES}
    dh = np.zeros_like(cotangent[0])
    dc = np.zeros_like(cotangent[0])
    dx = []
    for (v, c_prev, gate, s), dh_loss in zip(reversed(steps), reversed(cotangent), strict=True):
        dh = dh + dh_loss
        dc = dc + dh * gate["o"] * (1 - s**2)
        da = {
            "i": dc * gate["g"] * gate["i"] * (1 - gate["i"]),
            "f": dc * c_prev * gate["f"] * (1 - gate["f"]),
            "o": dh * s * gate["o"] * (1 - gate["o"]),
            "g": dc * gate["i"] * (1 - gate["g"] ** 2),
        }
        dv = np.zeros_like(v)
        for name, value in da.items():
            dw[name] += value.T @ v
            db[name] += value.sum(axis=0)
            dv += value @ w[name]
        dx.append(dv[:, :-H])
        dh = dv[:, -H:]
        dc = dc * gate["f"]
    gradients = {"x": np.stack(dx[::-1]), "h_0": dh, "c_0": dc}
    return gradients | {f"w_{k}": v for k, v in dw.items()} | {f"b_{k}": v for k, v in db.items()}


def _named(D: int, numbers: Numbers) -> Numbers:
    """With every w cut into W and U."""
    named = {name: value for name, value in numbers.items() if not name.startswith("w_")}
    for gate in GATES:
        w = numbers[f"w_{gate}"]
        named[f"W_{gate}"], named[f"U_{gate}"] = w[:, :D], w[:, D:]
    return named
