"""Networks of one kind of cell: layers, directions, unequal lengths, dropout masks; functions, no objects.

`forward` and `backward` are in `lstmref.network.passes`, what is stacked and how the parameters are named in
`lstmref.network.architecture`; the objects LSTM, GRU and RNN, which hold their parameters, in `lstmref.network.layers`.
"""

from lstmref.network.passes import Cache, Masks, Outputs, backward, forward

__all__ = ["Cache", "Masks", "Outputs", "backward", "forward"]
