"""Diagrams: every node is drawn, nothing overlaps, a reader who hears the page gets it in words."""

from __future__ import annotations

import re
from copy import deepcopy
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from derivations.cells import cells
from derivations.record.export import cell_record
from docs.hooks import diagram_layout
from docs.hooks.diagram import describe, prepare, svg
from docs.hooks.diagram_graph import Arrangement, Graph, dot, read
from docs.hooks.diagram_label import typeset
from docs.hooks.diagram_layout import Placed, layout
from docs.hooks.diagram_place import Box, label_boxes, node_boxes
from tests.site import diagram_cells

CELLS: list[dict[str, Any]] = [
    diagram_cells.lstm() | {"name": "lstm-small"},
    diagram_cells.gru() | {"name": "gru-small"},
    *(cell_record(cell) for cell in cells().values()),
]
ARRANGEMENTS: list[Arrangement] = ["wide", "narrow"]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(html: str) -> list[ElementTree.Element]:
    """The two ``<svg>`` elements."""
    return list(ElementTree.fromstring(html).iter(f"{SVG}svg"))


def overlapping(graph: Graph, placed: Placed) -> list[tuple[str, str]]:
    """The pairs of boxes, of nodes or labels, that share ground."""
    boxes: dict[str, Box] = dict(node_boxes(graph, placed))
    boxes |= {f"{tail}->{head}": box for (tail, head), box in label_boxes(graph, placed).items()}
    return [(one, other) for one, other in combinations(boxes, 2) if boxes[one].overlaps(boxes[other])]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: str(cell["name"]))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_both_arrangements_hold_every_node_and_link_every_quantity(
    cell: dict[str, Any], language: str
) -> None:
    parameters = {node["id"] for node in cell["graph"]["nodes"] if node["kind"] == "parameter"}
    # A sum of one term and a bias is no node of the picture: it has its own test below.
    biased = {edge["to"] for edge in cell["graph"]["edges"] if edge["from"] in parameters}
    ops = {node["id"] for node in cell["graph"]["nodes"] if node["kind"] == "op"}
    wanted = {node["id"] for node in cell["graph"]["nodes"]} - parameters - (biased & ops)
    links = {f"../../f/{node['formula']}/" for node in cell["graph"]["nodes"] if node["formula"]}
    pictures = drawn(svg(cell, language, "../../"))
    assert len(pictures) == 2
    for picture in pictures:
        assert wanted <= {element.get("data-node") for element in picture.iter(f"{SVG}g")}
        assert {element.get("href") for element in picture.iter(f"{SVG}a")} == links


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: str(cell["name"]))
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_no_boxes_overlap_and_all_lie_in_the_frame(cell: dict[str, Any], arrangement: Arrangement) -> None:
    graph = read(cell)
    (placed,) = layout([dot(graph, arrangement)])
    assert overlapping(graph, placed) == []
    picture = drawn(svg(cell, "en"))[ARRANGEMENTS.index(arrangement)]
    left, top, width, height = map(float, picture.attrib["viewBox"].split())
    for box in (*node_boxes(graph, placed).values(), *label_boxes(graph, placed).values()):
        assert left <= box.left
        assert top <= box.top
        assert box.right <= left + width
        assert box.bottom <= top + height


def test_the_overlap_check_sees_an_overlap() -> None:
    graph = read(diagram_cells.lstm())
    (placed,) = layout([dot(graph, "wide")])
    placed.nodes["g"] = (placed.nodes["i"][0] + 3, placed.nodes["i"][1])
    assert ("i", "g") in overlapping(graph, placed) or ("g", "i") in overlapping(graph, placed)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: str(cell["name"]))
def test_time_flows_from_left_to_right_and_down_a_phone(cell: dict[str, Any]) -> None:
    graph = read(cell)
    for axis, arrangement in enumerate(ARRANGEMENTS):
        (placed,) = layout([dot(graph, arrangement)])
        for edge in graph.edges:
            assert placed.nodes[edge.tail][axis] < placed.nodes[edge.head][axis], edge
    (wide,) = layout([dot(graph, "wide")])
    states = [node.id for node in graph.nodes if node.shape == "state"]
    inputs = [node.id for node in graph.nodes if node.shape == "input"]
    assert all(wide.nodes[state][1] < wide.nodes[given][1] for state in states for given in inputs)


def test_narrow_fits_a_phone() -> None:
    for cell in CELLS:
        wide, narrow = drawn(svg(cell, "en"))
        assert float(narrow.attrib["width"]) < 343
        assert float(wide.attrib["width"]) < 800


def test_title_and_description_are_in_the_language_of_the_page() -> None:
    for language, has_chinese in (("en", False), ("zh", True)):
        for picture in drawn(svg(diagram_cells.lstm(), language)):
            for kind in ("title", "desc"):
                (element,) = picture.findall(f"{SVG}{kind}")
                assert element.text
                assert bool(re.search("[\u4e00-\u9fff]", element.text)) is has_chinese
            referred = picture.attrib["aria-labelledby"], picture.attrib["aria-describedby"]
            assert referred == tuple(
                picture.findall(f"{SVG}{kind}")[0].get("id") for kind in ("title", "desc")
            )


def test_ids_are_unique_on_a_page_with_every_cell() -> None:
    page = "".join(svg(cell, "en") for cell in CELLS)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == 4 * len(CELLS)
    assert len(ids) == len(set(ids))


def test_description_names_what_each_quantity_is_made_of() -> None:
    text = describe(read(diagram_cells.lstm()), "en")
    assert "c t from c t−1, f t, i t, g t" in text
    assert "f bar t from x t, h t−1" in text


def test_a_changed_graph_changes_the_picture() -> None:
    cell = diagram_cells.lstm()
    before = svg(cell, "en")
    changed = deepcopy(cell)
    changed["graph"]["edges"].remove({"from": "c", "to": "squash", "label": ""})
    changed["graph"]["edges"].append({"from": "sum", "to": "squash", "label": ""})
    assert svg(changed, "en") != before
    assert svg(cell, "en") == before


def test_a_function_on_an_edge_becomes_a_circle() -> None:
    circles = [node.label.text for node in read(diagram_cells.gru()).nodes if node.shape == "op"]
    assert sorted(circles) == ["tanh", "σ", "σ"]


def test_parameters_are_not_nodes() -> None:
    assert "W_i" not in {node.id for node in read(diagram_cells.lstm()).nodes}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda g: g["edges"].append({"from": "c", "to": "nowhere", "label": ""}),
            "'nowhere', which is no node",
        ),
        (lambda g: g["nodes"].append(dict(g["nodes"][0])), "'x' comes twice"),
        (lambda g: g["nodes"][0].update(kind="inputt"), "expected a kind in .*, got 'inputt'"),
        (lambda g: g["nodes"][0].update(latex=r"\frac{x}{t}"), r"unknown command '\\\\frac'"),
    ],
)
def test_a_graph_that_cannot_be_drawn_is_refused(change: Any, message: str) -> None:
    cell = diagram_cells.lstm()
    change(cell["graph"])
    with pytest.raises(ValueError, match=message):
        svg(cell, "en")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a language in .*, got 'fr'"):
        svg(diagram_cells.lstm(), "fr")


def test_what_graphviz_refuses_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram_layout, "CACHE", tmp_path)
    with pytest.raises(RuntimeError, match="Graphviz refused syntax error"):
        layout(["digraph {"])
    assert list(tmp_path.iterdir()) == []


def test_one_process_draws_all_and_none_runs_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram_layout, "CACHE", tmp_path)
    calls: list[int] = []
    run = diagram_layout._ask

    def counted(sources: list[str]) -> list[str]:
        calls.append(len(sources))
        return run(sources)

    monkeypatch.setattr(diagram_layout, "_ask", counted)
    prepare(CELLS)
    first = [svg(cell, "en") for cell in CELLS]
    assert calls == [2 * len(CELLS)]
    one, *others = sorted(tmp_path.iterdir())
    whole = one.read_text(encoding="utf-8")
    for damage in (whole.replace("pos", "bos"), whole[:-10], "", whole.upper(), others[0].read_text("utf-8")):
        calls.clear()
        one.write_text(damage, encoding="utf-8")
        assert [svg(cell, "en") for cell in CELLS] == first
        assert calls == [1]  # the damaged one, and it alone
    one.write_bytes(b"\xff")
    for file in others:
        file.unlink()
    assert [svg(cell, "en") for cell in CELLS] == first


@pytest.mark.parametrize(
    ("latex", "text", "speech"),
    [
        (r"\bar{f}_{t}", "ft", "f bar t"),
        (r"h_{t-1}", "ht−1", "h t−1"),
        (r"\tilde h_t^{\top}", "ht⊤", "h tilde t ⊤"),
        (r"W_{\mathrm{in}}", "Win", "W in"),
        ("⊙", "⊙", "⊙"),
    ],
)
def test_labels_are_set_and_can_be_spoken(latex: str, text: str, speech: str) -> None:
    label = typeset(latex)
    assert label.text == text
    assert label.speech == speech
    assert label.width == pytest.approx(max(run.x + run.width for run in label.runs))


def test_scripts_are_smaller_and_shifted() -> None:
    base, sub, above = typeset("c_t^2").runs
    assert sub.size == above.size < base.size
    assert above.y < base.y < sub.y
    assert sub.x == above.x == pytest.approx(base.width)
    assert base.italic
    assert not above.italic


@pytest.mark.parametrize("latex", [r"\bar{ab}", "h_", "{h", "h}", r"\input{x}", "a & b"])
def test_a_label_beyond_the_reader_is_refused(latex: str) -> None:
    with pytest.raises(ValueError, match="diagram label: "):
        typeset(latex)


def with_parameter_nodes(cell: dict[str, Any]) -> dict[str, Any]:
    """The same graph with each weight, product and bias as a node of its own, the sum they feed drawn."""
    changed = deepcopy(cell)
    nodes, edges = changed["graph"]["nodes"], []
    for count, edge in enumerate(changed["graph"]["edges"]):
        if not edge["label"].startswith(("W", "U")):
            edges.append(edge)
            continue
        product, weight, total, bias = f"times{count}", edge["label"], f"{edge['to']}_sum", f"b_{edge['to']}"
        wanted = [(product, r"\cdot", "op"), (weight, weight, "parameter")]
        wanted += [(total, "+", "op"), (bias, "b", "parameter")]
        known = {node["id"] for node in nodes}
        for id, latex, kind in wanted:
            if id not in known:
                nodes.append({"id": id, "label": latex, "latex": latex, "kind": kind, "formula": None})
                if id == total:
                    edges.append({"from": total, "to": edge["to"], "label": ""})
                    edges.append({"from": bias, "to": total, "label": ""})
        edges += [{"from": tail, "to": product, "label": ""} for tail in (weight, edge["from"])]
        edges.append({"from": product, "to": total, "label": ""})
    changed["graph"]["edges"] = edges
    return changed


def test_a_product_with_a_parameter_becomes_a_label_and_a_bias_goes() -> None:
    cell = with_parameter_nodes(diagram_cells.lstm())
    before = deepcopy(cell)
    graph = read(cell)
    assert cell == before
    kinds = {node["id"]: node["kind"] for node in cell["graph"]["nodes"]}
    drawn_ids = {node.id for node in graph.nodes}
    assert not {id for id in drawn_ids if kinds.get(id) == "parameter" or id.startswith("times")}
    into = {(edge.tail, edge.label.text) for edge in graph.edges if edge.head == "f_bar_sum" and edge.label}
    assert into == {("x", "Wf"), ("h_prev", "Uf")}
    for arrangement in ARRANGEMENTS:
        (placed,) = layout([dot(graph, arrangement)])
        assert overlapping(graph, placed) == []


def test_a_sum_left_with_one_term_is_not_drawn() -> None:
    cell = diagram_cells.gru()
    cell["graph"]["nodes"] += [
        {"id": "shifted", "label": "+", "latex": "+", "kind": "op", "formula": None},
        {"id": "b", "label": "b", "latex": "b", "kind": "parameter", "formula": None},
    ]
    cell["graph"]["edges"] = [
        e for e in cell["graph"]["edges"] if (e["from"], e["to"]) != ("h_prev", "n_bar")
    ]
    cell["graph"]["edges"] += [
        {"from": "h_prev", "to": "shifted", "label": "U_n"},
        {"from": "b", "to": "shifted", "label": ""},
        {"from": "shifted", "to": "n_bar", "label": ""},
    ]
    graph = read(cell)
    assert "shifted" not in {node.id for node in graph.nodes}
    assert ("h_prev", "Un") in {(e.tail, e.label.text) for e in graph.edges if e.head == "n_bar" and e.label}
