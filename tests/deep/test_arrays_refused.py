"""The tests of tests/arrays/test_refused.py, with every cell."""

from tests.arrays.test_refused import *  # noqa: F403
