"""Comparing many numbers with the register: whom to ask about next, reading a whole file, and which organisations need a look."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import IO

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.organisations import register, register_door
from crm.organisations.organisations import NumberSource, NumberState, Organisation
from crm.organisations.register import Comparison, RegisterEntry
from crm.organisations.register_rows import RegisterRow, rows_of_file

AT_A_TIME = 100
"""Numbers for one press of the button: ten questions to the register."""


class Standing(StrEnum):
    """How an organisation stands to the register: what is to do of them all, and each by itself."""

    TO_DO = "to_do"
    UNVERIFIED = "unverified"
    DIFFERENT = "different"
    CLOSED = "closed"
    NOT_FOUND = "not_found"
    WITHOUT_NUMBER = "without_number"
    VERIFIED = "verified"


def standing(wanted: Standing) -> sa.ColumnElement[bool]:
    """The condition of a standing, over organisations with the register's entry beside them where there is one."""
    name_differs = Organisation.name.not_in([RegisterEntry.name, RegisterEntry.agreed_name])
    place_differs = Organisation.address.not_in(["", RegisterEntry.address, RegisterEntry.agreed_address])
    conditions = {
        Standing.UNVERIFIED: Organisation.number_state == NumberState.FORM_ONLY,
        Standing.DIFFERENT: sa.and_(RegisterEntry.id.is_not(None), sa.or_(name_differs, place_differs)),
        Standing.CLOSED: RegisterEntry.closed_on.is_not(None),
        Standing.NOT_FOUND: Organisation.number_state == NumberState.NOT_FOUND,
    }
    conditions[Standing.TO_DO] = sa.or_(*conditions.values())
    conditions[Standing.WITHOUT_NUMBER] = Organisation.corporate_number.is_(None)
    conditions[Standing.VERIFIED] = Organisation.number_state == NumberState.VERIFIED
    return conditions[wanted]


def different_count() -> int:
    """How many organisations the register says otherwise about, or does not know: for the dashboard."""
    beside = sa.select(sa.func.count(Organisation.id)).outerjoin(
        RegisterEntry, RegisterEntry.corporate_number == Organisation.corporate_number
    )
    open_ = sa.or_(*(standing(one) for one in (Standing.DIFFERENT, Standing.CLOSED, Standing.NOT_FOUND)))
    return db.session.scalar(beside.where(Organisation.merged_into_id.is_(None), open_)) or 0


def longest_ago(most: int = AT_A_TIME) -> list[str]:
    """The numbers that were never compared, then those compared longest ago."""
    numbers = sa.select(Organisation.corporate_number).where(
        Organisation.corporate_number.is_not(None), Organisation.merged_into_id.is_(None)
    )
    never = Organisation.number_checked_on.is_(None)
    asked = numbers.order_by(sa.desc(never), Organisation.number_checked_on, Organisation.id).limit(most)
    return [number for number in db.session.scalars(asked) if number]


def ask(numbers: Sequence[str]) -> list[RegisterRow]:
    """What the register on the network says about numbers. Raises `RegisterNotSetUp`, `RegisterSilent`; not within an act."""
    db.session.rollback()  # nobody waits for a network with a read open
    step = register_door.AT_ONCE
    return [row for at in range(0, len(numbers), step) for row in register_door.look_up(numbers[at : at + step])]


def keep_answer(rows: Sequence[RegisterRow], asked: Sequence[str]) -> Comparison:
    """Keep what the Web-API answered, in the running act."""
    return register.compare(rows, source=NumberSource.WEB_API, on=clock.today(), asked=asked)


def read_file(stream: IO[bytes], file_name: str) -> Comparison:
    """Keep what a downloaded file says about our organisations, in the running act. Raises `Unreadable`."""
    rows, count = register.wanted(rows_of_file(stream))
    answer = register.compare(rows, source=NumberSource.DOWNLOAD, on=clock.today(), file_name=file_name)
    answer.read = count
    return answer
