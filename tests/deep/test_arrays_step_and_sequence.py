"""The tests of tests/arrays/test_step_and_sequence.py, with every cell."""

from tests.arrays.test_step_and_sequence import *  # noqa: F403
