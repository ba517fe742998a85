"""Weights to and from PyTorch, Keras and ONNX, exactly, and in files. Needs NumPy only, and none of the three.

    from_pytorch, to_pytorch     modules and state dicts: nn.RNN, nn.LSTM, nn.GRU and their cells
    from_keras, to_keras         layers, models, files, lists of arrays: SimpleRNN, LSTM, GRU, Bidirectional
    from_onnx, to_onnx           tensors and attributes of the operators RNN, LSTM, GRU
    from_onnx_file, onnx_nodes   the same out of a model (needs the package onnx)
    to_cell                      gru (z weighs the new) to gru-cho (z weighs the kept) and back
    save, load                   `.npz` and `.safetensors`
    load_safetensors             state dicts that others saved in that format

A round trip in either direction gives the same bits. What does not convert is refused with ConversionError,
which says why and where that is explained. How each framework lays out its weights stands in `layouts`.

Examples:
    >>> import numpy as np
    >>> from lstmref import convert
    >>> state_dict = {"weight_ih_l0": np.ones((9, 2)), "weight_hh_l0": np.ones((9, 3))}
    >>> weights = convert.from_pytorch(state_dict)
    >>> weights.architecture.cell, [array.shape for array in convert.to_keras(weights)[0]]
    ('gru-after', [(2, 9), (3, 9)])
"""

from lstmref.convert.files import load, save
from lstmref.convert.keras import from_keras, to_keras
from lstmref.convert.layouts import LAYOUTS, Layout
from lstmref.convert.onnx import OnnxLayer, from_onnx, to_onnx
from lstmref.convert.onnx_file import OnnxNode, from_onnx_file, onnx_nodes
from lstmref.convert.pytorch import from_pytorch, to_pytorch
from lstmref.convert.tensors import load_safetensors
from lstmref.convert.weights import Weights, to_cell
from lstmref.errors import ConversionError

__all__ = [
    "LAYOUTS",
    "ConversionError",
    "Layout",
    "OnnxLayer",
    "OnnxNode",
    "Weights",
    "from_keras",
    "from_onnx",
    "from_onnx_file",
    "from_pytorch",
    "load",
    "load_safetensors",
    "onnx_nodes",
    "save",
    "to_cell",
    "to_keras",
    "to_onnx",
    "to_pytorch",
]
