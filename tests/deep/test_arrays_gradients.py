"""The tests of tests/arrays/test_gradients.py, with every cell."""

from tests.arrays.test_gradients import *  # noqa: F403
