"""Greff et al. (2017), with the peephole of the output gate alone."""

from tests.judges.witnesses.programs.jax.steps.lstm_peephole import with_peepholes

step = with_peepholes("o")
