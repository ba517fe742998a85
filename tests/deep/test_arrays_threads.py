"""The tests of tests/arrays/test_threads.py, with every cell."""

from tests.arrays.test_threads import *  # noqa: F403
