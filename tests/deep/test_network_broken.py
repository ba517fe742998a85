"""The tests of tests/network/test_broken.py, with every cell that a network stacks by D and H alone."""

from tests.network.test_broken import *  # noqa: F403
