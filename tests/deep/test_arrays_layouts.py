"""The tests of tests/arrays/test_layouts.py, with every cell."""

from tests.arrays.test_layouts import *  # noqa: F403
