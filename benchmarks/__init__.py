"""How fast the sequence passes of `lstmref` are, as ratios within one run: `python -m benchmarks`.

What is compared (`lstmref`, PyTorch, the matrix products alone, a plain loop over steps and gates) takes turns in one
process, so that whatever slows the machine for a while slows all alike. Nothing here is asserted by time in a test.
"""
