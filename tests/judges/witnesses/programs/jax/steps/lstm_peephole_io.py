"""Greff et al. (2017), with the peepholes of the input and output gates."""

from tests.judges.witnesses.programs.jax.steps.lstm_peephole import with_peepholes

step = with_peepholes("io")
