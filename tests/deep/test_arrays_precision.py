"""The tests of tests/arrays/test_precision.py, with every cell."""

from tests.arrays.test_precision import *  # noqa: F403
