"""Names and shapes of the parameters that most cells have: W, U and b of every gate."""

from lstmref import check

Shapes = dict[str, tuple[int, ...]]


def gates(names: str, D: int, H: int, recurrent: int | None = None) -> Shapes:
    """Gate by gate W (H, D), U (H, H), b (H,); U is (H, recurrent) where what recurs has another size than H.

    Raises:
        ShapeError: unless the sizes are whole numbers >= 0.
        KindError: unless the sizes are whole numbers >= 0.

    Examples:
        >>> gates("if", D=3, H=4)
        {'W_i': (4, 3), 'U_i': (4, 4), 'b_i': (4,), 'W_f': (4, 3), 'U_f': (4, 4), 'b_f': (4,)}
    """
    D, H = check.size("D", D), check.size("H", H)
    R = H if recurrent is None else recurrent
    shapes: Shapes = {}
    for gate in names:
        shapes |= {f"W_{gate}": (H, D), f"U_{gate}": (H, R), f"b_{gate}": (H,)}
    return shapes
