"""The tests of tests/network/test_forward_and_backward.py, with every cell that a network stacks by D and H alone."""

from tests.network.test_forward_and_backward import *  # noqa: F403
