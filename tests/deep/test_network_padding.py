"""The tests of tests/network/test_padding.py, with every cell that a network stacks by D and H alone."""

from tests.network.test_padding import *  # noqa: F403
