"""Without a mail server letters wait, and the office can read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from crm.config import Settings
from crm.mail import delivery
from crm.mail.outbox import Letter, LetterState


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, smtp_url=None)


def test_without_a_server_letters_wait(a_letter: Callable[..., Letter]) -> None:
    letter = a_letter()
    assert delivery.deliver_once().as_dict() == {"sent": 0, "retry": 0, "failed": 0, "held": 1}
    assert (letter.state, letter.attempts) == (LetterState.QUEUED, 0)
