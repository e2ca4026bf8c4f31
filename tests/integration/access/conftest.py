"""Fixtures of the tests of accounts."""

from tests.integration.access.world import world as world  # noqa: PLC0414 - a fixture
