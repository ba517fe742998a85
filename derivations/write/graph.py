"""The computation of one step as a graph: what flows into what, through which operation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sympy import MatAdd, MatMul, MatrixSymbol, OneMatrix
from sympy.matrices.expressions.hadamard import HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixExpr

from derivations.language.cell import Cell
from derivations.language.expressions import is_negative, is_numbered, is_product, parts
from derivations.language.primitives import row
from derivations.language.row import Primitive
from derivations.language.symbols import Symbol
from derivations.write.notation import box
from derivations.write.tex import tex
from derivations.write.text import text

Kind = Literal["input", "state", "parameter", "op", "quantity", "output"]
# What is drawn as an operation of its own, by the primitive's name; a function is drawn by its letter.
OPERATIONS = {
    "quotient": ("⊘", r"\oslash"),
    "max": ("max", r"\max"),
    "min": ("min", r"\min"),
    "scale": ("×", r"\times"),
    "rows": ("diag ×", r"\operatorname{diag}\times"),
    "total": ("Σ", r"\Sigma"),
    "spread": ("𝟏", r"\mathbf{1}"),
    "transpose": ("⊤", r"\top"),
    "square": ("²", "{}^2"),
    "product": ("·", r"\cdot"),
}


@dataclass(frozen=True)
class Node:
    """A symbol or an operation; ``formula`` is the ID of the equation that defines it."""

    id: str
    kind: Kind
    label: str
    latex: str
    formula: str | None = None


@dataclass(frozen=True)
class Edge:
    """``tail`` flows into ``head``, multiplied by the matrix ``label`` if there is one."""

    tail: str
    head: str
    label: str = ""


@dataclass
class Graph:
    """Nodes and edges in the order of the equations."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


class Drawing:
    """Builds the graph of a cell."""

    def __init__(self, cell: Cell) -> None:
        self.graph = Graph()
        self._symbols = {s.name: s for s in cell.symbols}
        self._constant = {p.name for p in cell.parameters}
        for s in (*cell.inputs, *cell.data, *cell.constants):
            self._symbol(s, "input")
        for s in cell.states:
            self._symbol(s.previous, "state")
        for s in cell.parameters:
            self._symbol(s, "parameter")
        states = {s.name for s in (*cell.states, *cell.outputs)}
        for equation in cell.steps:
            left = equation.left
            self._flow(equation.right.node, left.name)
            kind: Kind = "output" if left.name in states else "quantity"
            self._symbol(left, kind, f"{cell.name}.forward.{left.name}")

    def _symbol(self, s: Symbol, kind: Kind, formula: str | None = None) -> None:
        self.graph.nodes.append(Node(s.name, kind, text(box(s)), tex(box(s)), formula))

    def _operation(self, label: str, latex: str, head: str) -> str:
        node = Node(f"op{sum(n.kind == 'op' for n in self.graph.nodes) + 1}", "op", label, latex)
        self.graph.nodes.append(node)
        self.graph.edges.append(Edge(node.id, head))
        return node.id

    def _flow(self, node: MatrixExpr, head: str, through: str = "") -> None:
        """Let the value of ``node`` flow into ``head``, through the matrix of that name if one is given."""
        match node:
            case MatrixSymbol():
                label = tex(box(self._symbols[through])) if through else ""
                self.graph.edges.append(Edge(node.name, head, label))
            case MatMul() if is_product(node) and self._is_weight(node.args[0]) and not through:
                matrix, vector = node.args
                self._flow(vector, head, matrix.name)
            case MatAdd() if isinstance(node.args[0], OneMatrix) and is_negative(node.args[1]):
                self._flow(node.args[1].args[1], self._inner("1−", "1-", head, through))
            case MatAdd() if head in self._symbols and not through and self._symbols[head].bar:
                for term in node.args:  # a pre-activation is a sum by its nature: no node of its own
                    self._flow(term, head)
            case MatAdd():
                into = self._inner("+", "+", head, through)
                for term in node.args:
                    self._flow(term, into)
            case HadamardProduct():
                into = self._inner("⊙", r"\odot", head, through)
                for factor in node.args:
                    self._flow(factor, into)
            case OneMatrix():
                pass  # a constant: nothing flows
            case MatMul() if is_numbered(node):
                factor = str(node.args[0])
                self._flow(
                    node.args[1], self._inner("−" if factor == "-1" else f"{factor}·", factor, head, through)
                )
            case _:
                one = row(node)
                label, latex = OPERATIONS.get(one.name) or self._letter(one)
                into = self._inner(label, latex, head, through)
                for part in parts(node):
                    self._flow(part, into)

    def _letter(self, one: Primitive) -> tuple[str, str]:
        if one.letter is None:
            raise TypeError(f"no place in a graph for {one.name}")
        return one.letter.text, one.letter.tex

    def _is_weight(self, node: MatrixExpr) -> bool:
        return isinstance(node, MatrixSymbol) and node.name in self._constant

    def _inner(self, label: str, latex: str, head: str, through: str) -> str:
        made = self._operation(label, latex, head)
        if through:
            last = self.graph.edges.pop()
            self.graph.edges.append(Edge(last.tail, last.head, tex(box(self._symbols[through]))))
        return made


def graph(cell: Cell) -> Graph:
    """The graph of the cell's step."""
    return Drawing(cell).graph
