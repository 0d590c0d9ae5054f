"""Messages are compared in English here, whatever the catalogue says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm.text import speaking


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with speaking("en"):
        yield
