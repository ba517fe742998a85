"""Forward equations as papers and documentations print them, typed from the source or read from the installed package.

Each is TeX in the source's own letters, one equation an entry, of the cell that the site has it for. What a source has
beyond the cell (peepholes) is left out, and what it leaves out (biases) is added; both are said where it happens.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest

Equations = list[str]


def _of_torch(layer: str) -> Equations:
    torch = pytest.importorskip("torch")
    return _in_math(getattr(torch.nn, layer).__doc__)


def _of_flax(cell: str) -> Equations:
    """A new state is primed there and an old one bare; here they get their steps."""
    linen = pytest.importorskip("flax.linen")
    return [_with_steps(one) for one in _in_math(inspect.cleandoc(getattr(linen, cell).__doc__))]


def _in_math(documentation: str) -> Equations:
    """The lines of the first displayed block."""
    block = documentation.split(".. math::")[1].split("where ")[0]
    lines = [line.strip().removesuffix("\\\\").strip() for line in block.splitlines()]
    found = [line for line in lines if re.match(r"[a-z]('|_t)? =", line)]
    # x W^T of a row vector is W x of a column.
    return [re.sub(r"([a-z]_(?:t|\{t-1\})) ?(W_\{\w+\})\^T", r"\2 \1", line) for line in found]


def _with_steps(equation: str) -> str:
    left, right = equation.split(" = ")
    new = {one[0] for one in re.findall(r"[ch]'", right)} | {left[0]}

    def step(found: re.Match[str]) -> str:
        name, prime = found[1], found[2]
        old = name in "ch" and not prime
        return f"{name}_{{t-1}}" if old else f"{name}_t"

    marked = re.sub(r"(?<![\\a-zA-Z_{])([a-z])(')?(?![a-zA-Z_}])", step, right)
    assert new
    return f"{left[0]}_t = {marked}".replace("*", r"\odot")


def _of_onnx(operator: str, chosen: str = "") -> Equations:
    """``Xt*(Wi^T)`` of a row vector is W_i X_t of a column; peepholes are left out."""
    defs = pytest.importorskip("onnx").defs
    documentation = defs.get_schema(operator).doc
    lines = [line[2:] for line in documentation.split("Equations")[1].splitlines() if line.startswith("* ")]
    functions = {"f": r"\sigma", "g": r"\tanh", "h": r"\tanh"} | (
        {"f": r"\tanh"} if operator == "RNN" else {}
    )
    found = []
    for line in lines:
        equation, _, remark = line.partition(" # ")
        if remark and chosen not in remark:
            continue
        equation = re.sub(r" \+ P[iof] \(\.\) Ct(-1)?", "", equation).replace("(.)", r"\odot")
        equation = re.sub(r"(\([^()]*\)|\w+?t(?:-1)?)\*\((\w)(\w)\^T\)", r"\2_\3 \1", equation)
        equation = re.sub(r"\b(W|R)b(\w)\b", r"\\mathit{\1b}_\2", equation)
        equation = re.sub(r"\b([a-zA-Z])t-1\b", r"\1_{t-1}", equation)
        equation = re.sub(r"\b([a-zA-Z])t\b", r"\1_t", equation)
        equation = re.sub(r"\b([fgh])\(", lambda name: functions[name[1]] + "(", equation)
        found.append(equation)
    return found


def _gate(left: str, weights: str, function: str = r"\sigma") -> Callable[[str], str]:
    return lambda gate: f"{left.format(gate)} = {function}({weights.replace('*', gate)})"


# NVIDIA, cuDNN documentation, cudnnRNNMode_t. The update gate's second bias is b_{Ru} there, a misprint for b_{Ri}.
_CUDNN = _gate("{}_t", "W_* x_t + R_* h_{t-1} + b_{W*} + b_{R*}")
# oneDNN, developer guide, RNN. Its input to a layer is h_{t,l-1}, here x_t.
_ONEDNN = _gate("{}_t", "W_* x_t + U_* h_{t-1} + B_*")
# Olah (2015). The GRU has no biases there; they are added.
_COLAH = _gate("{}_t", r"W_* \cdot [h_{t-1}, x_t] + b_*")
# Greff et al. (2017), section II, without peepholes; g and h are tanh there.
_GREFF = _gate("{}^t", "W_* x^t + R_* y^{t-1} + b_*")
# Keras, class LSTMCell and class GRUCell, read from their code: kernel K, recurrent_kernel R, h_tm1 for h_{t-1}.
_KERAS = _gate("{}_t", r"K_*^{\top} x_t + R_*^{\top} h_{t-1} + b_*")
_KERAS_AFTER = _gate("{}_t", r"K_*^{\top} x_t + b_{0*} + R_*^{\top} h_{t-1} + b_{1*}")
# Cho et al. (2014), (5) to (8), the j-th units together. No biases there; they are added.
_CHO = _gate(r"{}_{{\langle t \rangle}}", r"W_* x_{\langle t \rangle} + U_* h_{\langle t-1 \rangle} + b_*")

PRINTED: dict[tuple[str, str], Callable[[], Equations]] = {
    ("pytorch", "rnn"): lambda: _of_torch("RNN"),
    ("pytorch", "lstm"): lambda: _of_torch("LSTM"),
    ("pytorch", "gru-after"): lambda: _of_torch("GRU"),
    ("flax", "rnn"): lambda: _of_flax("SimpleCell"),
    ("flax", "lstm"): lambda: _of_flax("LSTMCell"),
    ("flax", "gru-after"): lambda: _of_flax("GRUCell"),
    ("onnx", "rnn"): lambda: _of_onnx("RNN"),
    ("onnx", "lstm"): lambda: _of_onnx("LSTM"),
    ("onnx", "gru-cho"): lambda: _of_onnx("GRU", "linear_before_reset = 0"),
    ("onnx", "gru-after"): lambda: _of_onnx("GRU", "linear_before_reset != 0"),
    ("keras", "rnn"): lambda: [r"h_t = \tanh(K^{\top} x_t + b + R^{\top} h_{t-1})"],
    ("keras", "lstm"): lambda: [
        *map(_KERAS, "ifo"),
        r"\tilde{c}_t = \tanh(K_c^{\top} x_t + R_c^{\top} h_{t-1} + b_c)",
        r"c_t = f_t \odot c_{t-1} + i_t \odot \tilde{c}_t",
        r"h_t = o_t \odot \tanh(c_t)",
    ],
    ("keras", "gru-cho"): lambda: [
        *map(_KERAS, "zr"),
        r"\tilde{h}_t = \tanh(K_h^{\top} x_t + R_h^{\top} (r_t \odot h_{t-1}) + b_h)",
        r"h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde{h}_t",
    ],
    ("keras", "gru-after"): lambda: [
        *map(_KERAS_AFTER, "zr"),
        r"\tilde{h}_t = \tanh(K_h^{\top} x_t + b_{0h} + r_t \odot (R_h^{\top} h_{t-1} + b_{1h}))",
        r"h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde{h}_t",
    ],
    ("cudnn", "rnn"): lambda: [r"h_t = \tanh(W_i x_t + R_i h_{t-1} + b_{Wi} + b_{Ri})"],
    ("cudnn", "lstm"): lambda: [
        *map(_CUDNN, "ifo"),
        r"c'_t = \tanh(W_c x_t + R_c h_{t-1} + b_{Wc} + b_{Rc})",
        r"c_t = f_t \odot c_{t-1} + i_t \odot c'_t",
        r"h_t = o_t \odot \tanh(c_t)",
    ],
    ("cudnn", "gru-after"): lambda: [
        *map(_CUDNN, "ir"),
        r"h'_t = \tanh(W_h x_t + r_t \odot (R_h h_{t-1} + b_{Rh}) + b_{Wh})",
        r"h_t = (1 - i_t) \odot h'_t + i_t \odot h_{t-1}",
    ],
    ("onednn", "rnn"): lambda: [r"h_t = \tanh(W x_t + U h_{t-1} + B)"],
    ("onednn", "lstm"): lambda: [
        *map(_ONEDNN, "ifo"),
        _gate("{}_t", r"W_{*} x_t + U_{*} h_{t-1} + B_{*}", r"\tanh")(r"\tilde{c}"),
        r"c_t = f_t \odot c_{t-1} + i_t \odot \tilde{c}_t",
        r"h_t = \tanh(c_t) \odot o_t",
    ],
    ("onednn", "gru-cho"): lambda: [
        *map(_ONEDNN, "ur"),
        r"o_t = \tanh(W_o x_t + U_o (r_t \odot h_{t-1}) + B_o)",
        r"h_t = u_t \odot h_{t-1} + (1 - u_t) \odot o_t",
    ],
    ("onednn", "gru-after"): lambda: [
        *map(_ONEDNN, "ur"),
        r"o_t = \tanh(W_o x_t + r_t \odot (U_o h_{t-1} + B_{u'}) + B_o)",
        r"h_t = u_t \odot h_{t-1} + (1 - u_t) \odot o_t",
    ],
    ("colah", "lstm"): lambda: [
        *map(_COLAH, "fio"),
        r"\tilde{C}_t = \tanh(W_C \cdot [h_{t-1}, x_t] + b_C)",
        r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde{C}_t",
        r"h_t = o_t \odot \tanh(C_t)",
    ],
    ("colah", "gru"): lambda: [
        *map(_COLAH, "zr"),
        r"\tilde{h}_t = \tanh(W \cdot [r_t \odot h_{t-1}, x_t] + b)",
        r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde{h}_t",
    ],
    ("greff", "lstm"): lambda: [
        _gate("{}^t", "W_* x^t + R_* y^{t-1} + b_*", r"\tanh")("z"),
        *map(_GREFF, "ifo"),
        r"c^t = z^t \odot i^t + c^{t-1} \odot f^t",
        r"y^t = \tanh(c^t) \odot o^t",
    ],
    ("greff", "lstm-linear"): lambda: [
        _gate("{}^t", "W_* x^t + R_* y^{t-1} + b_*", r"\tanh")("z"),
        *map(_GREFF, "ifo"),
        r"c^t = z^t \odot i^t + c^{t-1} \odot f^t",
        r"y^t = c^t \odot o^t",  # the variant NOAF
    ],
    ("cho", "gru-cho"): lambda: [
        *map(_CHO, "rz"),
        r"h_{\langle t \rangle} = z_{\langle t \rangle} \odot h_{\langle t-1 \rangle}"
        r" + (1 - z_{\langle t \rangle}) \odot \tilde{h}_{\langle t \rangle}",
        r"\tilde{h}_{\langle t \rangle} = \tanh(W x_{\langle t \rangle}"
        r" + U (r_{\langle t \rangle} \odot h_{\langle t-1 \rangle}) + b)",
    ],
}
