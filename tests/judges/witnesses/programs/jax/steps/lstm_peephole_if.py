"""Greff et al. (2017), with the peepholes of the input and forget gates."""

from tests.judges.witnesses.programs.jax.steps.lstm_peephole import with_peepholes

step = with_peepholes("if")
