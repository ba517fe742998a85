"""The LSTM with peepholes at the input and forget gates: those that see the memory of the step before.

    i = sigmoid(W_i x + U_i h' + p_i c' + b_i)     input gate          (h' and c' are of the step before)
    f = sigmoid(W_f x + U_f h' + p_f c' + b_f)     forget gate
    g = tanh(W_g x + U_g h' + b_g)                 candidate
    c = f c' + i g
    o = sigmoid(W_o x + U_o h' + b_o)              output gate
    h = o tanh(c)

Source:
    greff2017 (Sect. II-A, of its peepholes p_i and p_f only). The step is that of
    `lstmref.cells.lstm_peephole`.

Examples:
    With all parameters zero, c = c'/2, and the gradients of c in the peepholes are 0, as g is, and c'**2 f (1
    - f):

    >>> import numpy as np
    >>> params = {name: np.zeros(shape) for name, shape in parameter_shapes(D=1, H=1).items()}
    >>> one, zero = np.ones((1, 1)), np.zeros((1, 1))
    >>> outputs, cache = step_forward(params, x=one, h_prev=zero, c_prev=2 * one)
    >>> gradients = step_backward({"c": one}, cache)
    >>> float(gradients["p_i"][0]), float(gradients["p_f"][0])
    (0.0, 1.0)
    >>> outputs, cache = forward(params, x=np.ones((2, 1, 1)), h_0=zero, c_0=zero)
    >>> float(backward({"c_T": one}, cache)["c_0"][0, 0])  # f_1 f_2
    0.25
"""

from lstmref import sequence, step
from lstmref.cells import lstm_peephole as all_three
from lstmref.check import Array

LAYOUT, STATES = all_three.LAYOUT, all_three.STATES


class StepCache(all_three.StepCache):
    """What `step_backward` needs of one step: as in `lstm_peephole.StepCache`, params, x (B, D), all others (B, H)."""


def parameter_shapes(D: int, H: int) -> dict[str, tuple[int, ...]]:
    """W_* (H, D), U_* (H, H), b_* (H,) for i, f, o, g, and p_i and p_f (H,); errors as in `lstmref.parameters.gates`.

    Examples:
        >>> list(parameter_shapes(D=3, H=4))[12:]
        ['p_i', 'p_f']
    """
    return all_three.parameter_shapes(D, H, peepholes="if")


@step.forward(LAYOUT, parameter_shapes)
def step_forward(
    params: dict[str, Array], x: Array, h_prev: Array, c_prev: Array
) -> tuple[tuple[Array, Array], StepCache]:
    """One step.

    Args:
        params: see `parameter_shapes`.
        x: (B, D).
        h_prev: (B, H).
        c_prev: (B, H).

    Returns:
        h, c (B, H), and the cache for `step_backward`.

    Dtypes:
        One for all.
    """
    results, cache = step.plain(all_three.step_forward)(params, x, h_prev, c_prev)
    return results, StepCache(*cache)


@step.backward(LAYOUT, StepCache)
def step_backward(cotangents: dict[str, Array], cache: StepCache) -> dict[str, Array]:
    """Gradients by the chain rule.

    Args:
        cotangents: h, c (B, H), by name.
        cache: from `step_forward`.

    Dtypes:
        That of the step.
    """
    found: dict[str, Array] = step.plain(all_three.step_backward)(cotangents, cache)
    return found


forward, backward = sequence.passes(__name__)
