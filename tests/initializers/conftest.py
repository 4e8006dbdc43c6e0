"""One thread for the tests' algebra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="package")
def _one_blas_thread() -> Iterator[None]:
    """As in the network; on a busy machine several take seconds for a small matrix."""
    with threadpool_limits(1, user_api="blas"):
        yield
