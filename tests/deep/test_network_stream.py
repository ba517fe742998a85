"""The tests of tests/network/test_stream.py, with every cell that a network stacks by D and H alone."""

from tests.network.test_stream import *  # noqa: F403
