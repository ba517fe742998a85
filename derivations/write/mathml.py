"""Presentation MathML, as a browser or a word processor takes it."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from derivations.write.typeset import (
    At,
    Bar,
    BigSum,
    Box,
    Fence,
    Frac,
    Function,
    Letter,
    Number,
    Operator,
    Row,
    Sub,
    Sup,
    Tilde,
)

NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def mathml(box: Box) -> str:
    """A ``<math>`` element in display style."""
    root = Element("math", {"xmlns": NAMESPACE, "display": "block"})
    root.append(_element(box))
    return tostring(root, encoding="unicode")


def _leaf(tag: str, text: str, **attributes: str) -> Element:
    element = Element(tag, attributes)
    element.text = text
    return element


def _node(tag: str, *children: Element, **attributes: str) -> Element:
    element = Element(tag, attributes)
    element.extend(children)
    return element


def _element(box: Box) -> Element:
    match box:
        case Letter(text=text):
            return _leaf("mi", text)
        case Number(value=value):
            return _leaf("mn", str(value))
        case Operator(text=text, sign=sign):
            return _leaf("mo", text, form="prefix" if sign else "infix")
        case Function(name=name, argument=argument, power=power):
            head: Element = _leaf("mi", name.text)
            if power != 1:
                head = _node("msup", head, _leaf("mn", str(power)))
            return _node("mrow", head, _leaf("mo", "\u2061"), *_fenced(argument))
        case Sup(base=Sub(base=base, below=below), above=above):
            return _node("msubsup", _element(base), _element(below), _element(above))
        case Sub(base=base, below=below):
            return _node("msub", _element(base), _element(below))
        case Sup(base=base, above=above):
            return _node("msup", _element(base), _element(above))
        case Bar(base=base):
            return _node("mover", _element(base), _leaf("mo", "¯", stretchy="false"), accent="true")
        case Tilde(base=base):
            return _node("mover", _element(base), _leaf("mo", "~", stretchy="false"), accent="true")
        case Frac(above=above, below=below):
            return _node("mfrac", _element(above), _element(below))
        case At(base=base, index=index):
            bar = _leaf("mo", "|", form="postfix", stretchy="true", symmetric="true")
            return _node("msub", _node("mrow", _element(base), bar), _element(index))
        case Fence(inner=inner, opening=opening, closing=closing):
            return _node("mrow", *_fenced(inner, opening, closing))
        case BigSum(index=index, first=first, last=last):
            lower = _node("mrow", _element(index), _leaf("mo", "="), _element(first))
            return _node("munderover", _leaf("mo", "∑"), lower, _element(last))
        case Row(parts=parts):
            return _row(parts)
        case _:
            raise TypeError(f"no MathML for {type(box).__name__}")


def _row(parts: tuple[Box, ...]) -> Element:
    """Factors side by side get an invisible times between them, so that a screen reader says a product."""
    row = Element("mrow")
    for k, part in enumerate(parts):
        if k and not isinstance(part, Operator) and not isinstance(parts[k - 1], Operator | BigSum):
            SubElement(row, "mo").text = "\u2062"
        row.append(_element(part))
    return row


def _fenced(inner: Box, opening: str = "(", closing: str = ")") -> list[Element]:
    return [_leaf("mo", opening, form="prefix"), _element(inner), _leaf("mo", closing, form="postfix")]
