"""The tests of tests/network/test_layers.py, with every cell that a network stacks by D and H alone."""

from tests.network.test_layers import *  # noqa: F403
