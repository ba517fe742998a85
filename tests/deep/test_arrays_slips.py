"""The tests of tests/arrays/test_slips.py, with every cell."""

from tests.arrays.test_slips import *  # noqa: F403
