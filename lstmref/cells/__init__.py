"""The cells, a file each: the equations of a paper, one step of them, and its gradients by hand.

A file that defines `parameter_shapes` is a cell, found by looking. `lstmref.layout` tells what its LAYOUT says,
`lstmref.step` what the decorators do, and `lstmref.sequence` makes the passes over a sequence of its step.
"""
