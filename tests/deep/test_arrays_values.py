"""The tests of tests/arrays/test_values.py, with every cell."""

from tests.arrays.test_values import *  # noqa: F403
