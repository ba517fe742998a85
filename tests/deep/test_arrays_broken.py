"""The tests of tests/arrays/test_broken.py, with every cell."""

from tests.arrays.test_broken import *  # noqa: F403
