"""The tests of tests/network/test_arguments.py, with every cell that a network stacks by D and H alone."""

from tests.network.test_arguments import *  # noqa: F403
