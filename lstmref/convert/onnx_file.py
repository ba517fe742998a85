"""ONNX models: finds the recurrent operators in them, and all that these are given. Needs the package onnx.

What an operator is given may be an initialiser, a constant, or computed of such: that is worked out by the
reference implementation in the package onnx. Nothing of a model is run that is given data.

Source:
    onnx-rnn, onnx-lstm, onnx-gru; the format of ONNX, https://onnx.ai/onnx/repo-docs/IR.html.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from lstmref.check import Array
from lstmref.convert import reading, refusals
from lstmref.convert.layouts import ONNX
from lstmref.convert.onnx import OnnxLayer, from_onnx
from lstmref.convert.state_dict import listed
from lstmref.convert.weights import Weights
from lstmref.errors import ConversionError, KindError, NameSetError

INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
WEIGHTS = ("W", "R", "B", "P")
GIVEN = ("sequence_lens", "initial_h", "initial_c")
OF_LSTM = ("initial_c", "P")
OPERATORS = {layout.layer for layout in ONNX.values()}
# These pass on what they are first given, with another shape or dtype: of zeros they make zeros.
PASS_ON = {
    "Cast", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Tile", "Transpose",
    "Unsqueeze",
}  # fmt: skip
SHAPES = {"Shape", "Size"}  # what they give depends on no number of what they are given
RANDOM = ("Random", "Bernoulli", "Multinomial")


class OnnxNode(NamedTuple):
    """A recurrent operator in a model.

    Attributes:
        name: that of the node, or of its first output where it has none.
        layer: what `from_onnx` takes.
        given: of sequence_lens (B,), initial_h and initial_c (directions, B, H), those that are there: an
            array where it is constant, else the name of the tensor, which is an input of the model or
            computed when it runs.
    """

    name: str
    layer: OnnxLayer
    given: Mapping[str, Array | str]


def from_onnx_file(
    source: str | os.PathLike[str] | bytes | Any,
    node: str | Sequence[str] | None = None,
    *,
    cell: str | None = None,
) -> Weights:
    """The weights of a recurrent operator in a model: cells as in `from_onnx`.

    Weights may be initialisers, constants, or computed of these; operators in the branches of If and the
    bodies of Loop and Scan, and in functions, are found too.

    Lengths and initial states that depend on the model's inputs are given when it runs: give them to
    `lstmref.network.forward`. Those that are part of the model would be lost, so they are refused, unless the
    states are zeros.

    Else it raises what `from_onnx` does: see `from_onnx`.

    Args:
        source: the path of a file, its bytes, or an onnx.ModelProto.
        node: the name of the operator; a list of names is a stack, each of which reads the outputs of the one
            before; None will do where there is only one.
        cell: what the caller expects, as in `from_onnx`.

    Raises:
        NameSetError: where `node` names none; it names the operators that there are.
        ConversionError: for weights that are not known before the model runs, for lengths and states that are
            part of it, for what is no model and where the package onnx is missing.
        KindError: a value of the wrong type or dtype.
        OSError: as reading does.

    Source:
        onnx-rnn, onnx-lstm, onnx-gru.

    Examples:
        >>> from onnx import helper, numpy_helper
        >>> shapes = {"W": (1, 9, 2), "R": (1, 9, 3)}
        >>> tensors = [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in shapes.items()]
        >>> gru = helper.make_node("GRU", ["X", "W", "R"], ["Y"], hidden_size=3, name="encoder")
        >>> model = helper.make_model(helper.make_graph([gru], "model", [], [], tensors))
        >>> from_onnx_file(model, "encoder").architecture.cell
        'gru-cho'
    """
    found = _nodes(source)
    names = [each.name for each in found]
    asked: Sequence[str] = [node] if isinstance(node, str) else node if isinstance(node, list | tuple) else []
    asked = names if node is None and len(names) == 1 else asked
    if not asked or any(names.count(name) != 1 for name in asked):
        some = listed(f"{each.name} ({each.proto.op_type})" for each in found)
        raise NameSetError(
            "node: expected the name of a recurrent operator, or a list of them for a stack, got "
            f"{node!r}; there are {some or 'none'}"
        )
    chosen = [found[names.index(name)] for name in asked]
    for each in chosen:
        each.refuse_given()
    return from_onnx([each.layer() for each in chosen], cell=cell)


def onnx_nodes(source: str | os.PathLike[str] | bytes | Any) -> list[OnnxNode]:
    """Every RNN, LSTM and GRU of a model, with all attributes and inputs; weights (directions, k H, D) and so on.

    Errors: see `from_onnx_file`. Lengths and states are not judged.

    Args:
        source: see `from_onnx_file`.

    Source:
        onnx-rnn, onnx-lstm, onnx-gru.

    Examples:
        >>> from onnx import helper, numpy_helper
        >>> tensors = [numpy_helper.from_array(np.ones((1, 2, 2), np.float32), name) for name in "WR"]
        >>> rnn = helper.make_node("RNN", ["X", "W", "R", "", "", "h"], ["Y"], hidden_size=2)
        >>> (node,) = onnx_nodes(helper.make_model(helper.make_graph([rnn], "model", [], [], tensors)))
        >>> node.name, node.layer.W.shape, node.given
        ('Y', (1, 2, 2), {'initial_h': 'h'})
    """
    return [OnnxNode(each.name, each.layer(), each.given()) for each in _nodes(source)]


class _Scope(NamedTuple):
    """The tensors that a graph sees: its own and those of the graphs around it."""

    package: ModuleType
    model: Any
    tensors: Mapping[str, Any]  # initialisers
    makers: Mapping[str, Any]  # the node that makes a tensor

    def within(self, graph: Any) -> "_Scope":
        """What a graph inside this one sees."""
        own = {tensor.name: tensor for tensor in graph.initializer}
        own |= {tensor.values.name: tensor for tensor in graph.sparse_initializer}
        makers = {name: node for node in graph.node for name in node.output if name}
        hidden = {each.name for each in graph.input} | set(makers)
        outer = {name: tensor for name, tensor in self.tensors.items() if name not in hidden}
        others = {name: node for name, node in self.makers.items() if name not in hidden | set(own)}
        return self._replace(tensors=outer | own, makers=others | makers)

    def needed(self, name: str) -> list[Any] | None:
        """The nodes of which a tensor is made, in order, if they are given constants alone; else None."""
        done: dict[str, None] = {}
        order: list[Any] = []
        # A stack of our own: a model may have more nodes one after the other than Python has calls.
        todo: list[tuple[str, bool]] = [(name, False)]
        while todo:
            each, ready = todo.pop()
            if ready:
                order.append(self.makers[each])
            elif each and each not in done and each not in self.tensors:
                node = self.makers.get(each)
                if node is None or _graphs(node) or node.op_type.startswith(RANDOM):
                    return None
                done |= dict.fromkeys(node.output)
                todo.append((each, True))
                todo += [(source, False) for source in node.input]
        return order

    def constant(self, what: str, name: str) -> Array | None:
        """A tensor if it is known before the model runs, else None.

        Raises:
            ConversionError: if it cannot be read.
        """
        nodes = self.needed(name)
        if nodes is None:
            return None
        used = {name, *(source for node in nodes for source in node.input)} & set(self.tensors)
        try:
            values = {key: _dense(self.package, self.tensors[key]) for key in used}
            if not nodes:
                return values[name]
            helper = self.package.helper
            given = [self.package.numpy_helper.from_array(value, key) for key, value in values.items()]
            graph = helper.make_graph(nodes, "constant", [], [self.package.ValueInfoProto(name=name)], given)
            model = helper.make_model(graph, opset_imports=self.model.opset_import)
            (value,) = self.package.reference.ReferenceEvaluator(model).run(None, {})
            return np.asarray(value)
        # Whatever the package raises of a tensor that is not whole, or of an operator that it has not.
        except Exception as error:
            raise ConversionError(
                f"{what}: expected a constant that can be read, got {name!r}: {type(error).__name__}: {error}"
            ) from error

    def follows_data(self, name: str) -> bool:
        """Whether the numbers of a tensor depend on those of an input, and not on its shape alone."""
        seen: set[str] = set()
        todo = [name]
        while todo:
            each = todo.pop()
            if not each or each in seen or each in self.tensors:
                continue
            seen.add(each)
            node = self.makers.get(each)
            if node is None or _graphs(node):
                return True
            todo += () if node.op_type in SHAPES else node.input
        return False

    def zero(self, what: str, name: str) -> bool:
        """Whether a tensor can be seen to be zero throughout, whatever its shape."""
        seen: set[str] = set()
        todo = [name]
        while todo:
            each = todo.pop()
            if each in seen:
                continue
            seen.add(each)
            node = self.makers.get(each)
            if self.needed(each) is not None:
                value = self.constant(what, each)
                if value is None or value.any():
                    return False
            elif node is not None and node.op_type == "ConstantOfShape":
                values = [self.package.numpy_helper.to_array(attribute.t) for attribute in node.attribute]
                if any(value.any() for value in values):
                    return False
            elif node is not None and node.op_type in PASS_ON:
                todo.append(node.input[0])
            elif node is not None and node.op_type == "Concat":
                todo += node.input
            else:
                return False
        return True


class _Node(NamedTuple):
    """A recurrent operator where it stands."""

    name: str
    proto: Any
    scope: _Scope

    def inputs(self) -> dict[str, str]:
        """The tensors that it is given, by the names of its inputs; those that are left out are not there."""
        names = [name for name in INPUTS if self.proto.op_type == "LSTM" or name not in OF_LSTM]
        return {key: name for key, name in zip(names, self.proto.input, strict=False) if name}

    def layer(self) -> OnnxLayer:
        """Its weights and attributes.

        Raises:
            ConversionError: for weights that are not constant.
        """
        read: dict[str, Array] = {}
        for key, name in self.inputs().items():
            if key in WEIGHTS:
                value = self.scope.constant(f"{self.name} {key}", name)
                if value is None:
                    raise ConversionError(
                        f"{self.name} {key}: expected an initialiser or a constant, got {name!r}, which is known only "
                        "when the model runs"
                    )
                read[key] = value
        missing = [key for key in ("W", "R") if key not in read]
        if missing:
            raise ConversionError(f"{self.name}: expected W and R, got none for {', '.join(missing)}")
        value_of = self.scope.package.helper.get_attribute_value
        attributes = {attribute.name: value_of(attribute) for attribute in self.proto.attribute}
        return OnnxLayer(self.proto.op_type, read["W"], read["R"], read.get("B"), attributes, read.get("P"))

    def given(self) -> dict[str, Array | str]:
        """Lengths and initial states: constant, or the name of the tensor."""
        found: dict[str, Array | str] = {}
        for key, name in self.inputs().items():
            if key in GIVEN:
                value = self.scope.constant(f"{self.name} {key}", name)
                found[key] = name if value is None else value
        return found

    def refuse_given(self) -> None:
        """Refuse lengths and initial states that are part of the model, unless the states are zeros."""
        for key, name in self.inputs().items():
            if key in GIVEN and not self.scope.follows_data(name):
                if key != "sequence_lens" and self.scope.zero(f"{self.name} {key}", name):
                    continue
                argument = "lengths" if key == "sequence_lens" else "states"
                refusals.refuse(
                    f"{self.name} {key}: expected none, or one that depends on the model's inputs, got {name!r}, which "
                    f"the model has itself and Weights do not hold: convert the layer that onnx_nodes gives by "
                    f"from_onnx, and give {key} to network.forward as {argument}"
                )


def _dense(package: ModuleType, tensor: Any) -> Array:
    """An initialiser as an array; a sparse one says where each number stands, along the axes or in the flat array."""
    if not hasattr(tensor, "indices"):
        whole: Array = package.numpy_helper.to_array(tensor)
        return whole
    values, where = (
        package.numpy_helper.to_array(tensor.values),
        package.numpy_helper.to_array(tensor.indices),
    )
    found = np.zeros(tuple(tensor.dims), values.dtype)
    found[np.unravel_index(where, found.shape) if where.ndim == 1 else tuple(where.T)] = values
    return found


def _nodes(source: Any) -> list[_Node]:
    """Every recurrent operator of a model, those in graphs within it too."""
    package = _package()
    model = _model(package, source)
    scope = _Scope(package, model, {}, {})
    found = list(_walk(model.graph, scope))
    if not found:
        kinds = sorted({str(node.op_type) for node in model.graph.node})
        alike = [kind for kind in kinds if any(name in kind.upper() for name in OPERATORS)]
        raise ConversionError(
            f"expected a model with {', '.join(sorted(OPERATORS))}, got one with {listed(alike or kinds) or 'no nodes'}"
        )
    return found


def _walk(graph: Any, around: _Scope) -> Iterator[_Node]:
    scope = around.within(graph)
    for node in graph.node:
        if node.op_type in OPERATORS and node.domain in ("", "ai.onnx"):
            yield _Node(node.name or next((name for name in node.output if name), ""), node, scope)
        for inner in _graphs(node):
            yield from _walk(inner, scope)


def _graphs(node: Any) -> list[Any]:
    """The graphs that a node holds."""
    return [graph for attribute in node.attribute for graph in (*attribute.graphs, attribute.g) if graph.node]


def _model(package: ModuleType, source: Any) -> Any:
    """A model with its weights in it and without functions."""
    if isinstance(source, package.ModelProto):
        model, name = source, "model"
    elif isinstance(source, bytes):
        with reading.whole_file("model", "the bytes of an ONNX model"):
            model, name = package.load_model_from_string(source), "model"
    elif isinstance(source, str | os.PathLike):
        path = reading.named_path(source)
        content = reading.content(path)
        with reading.whole_file(path, "an ONNX model"):
            model, name = package.load_model_from_string(content), str(path)
            package.external_data_helper.load_external_data_for_model(model, str(path.parent))
    else:
        raise KindError(f"source: expected a path, bytes or an onnx.ModelProto, got {type(source).__name__}")
    if model.functions:
        with reading.whole_file(name, "functions that can be put in their places"):
            model = package.inliner.inline_local_functions(model)
    return model


def _package() -> ModuleType:
    """The package, which is optional."""
    try:
        import onnx
        import onnx.inliner
        import onnx.reference
    except ImportError as error:
        raise ConversionError(
            'expected the package onnx, which is not installed: pip install "lstmref[onnx]"'
        ) from error
    package: ModuleType = onnx
    return package
