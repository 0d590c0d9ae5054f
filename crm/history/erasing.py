"""Erasing a person from the record while its chain stays whole.

The chain covers salted digests in place of personal values. Blanking the values of old changes and throwing their salt away
leaves every hash as it was; each blanked change names the act that did it, and the database lets no other change through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import sqlalchemy as sa

from crm.db import db
from crm.history.records import ChainHead, Change

_CHANGES, _HEADS = (cast(sa.Table, noun.__table__) for noun in (Change, ChainHead))
CHUNK = 400


@contextmanager
def forgetting() -> Iterator[None]:
    """What the running act changes inside the block is recorded without the personal values, before and after."""
    session = db.session
    session.flush()
    session.info["erasing"] = True
    try:
        yield
        session.flush()
    finally:
        session.info.pop("erasing", None)


def blank_past(rows: Mapping[str, Collection[int]]) -> int:
    """Blank the personal values in everything the record says of these rows (ids by table); how many changes were blanked.

    In the running act, as its last step: it takes the head of the record, for each change names the act by its number.
    """
    session = db.session
    session.flush()
    connection = session.connection()
    number = connection.execute(sa.select(_HEADS.c.number).with_for_update()).scalar_one() + 1
    blanked = [change for table, ids in rows.items() for change in _of(connection, table, sorted(ids), number)]
    if blanked:
        connection.execute(_BLANKED, blanked)
    session.expire_all()
    return len(blanked)


_BLANKED = (
    sa.update(_CHANGES)
    .where(_CHANGES.c.id == sa.bindparam("change_id"))
    .values(
        before=sa.bindparam("b_before", type_=_CHANGES.c.before.type),
        after=sa.bindparam("b_after", type_=_CHANGES.c.after.type),
        salt=None,
        erased_by=sa.bindparam("b_act"),
    )
)


def _of(connection: sa.Connection, table: str, ids: list[int], number: int) -> Iterator[dict[str, Any]]:
    c = _CHANGES.c
    for start in range(0, len(ids), CHUNK):
        some = sa.select(c.id, c.before, c.after, c.sealed).where(
            c.table_name == table, c.row_id.in_(ids[start : start + CHUNK]), c.erased_by.is_(None), c.salt.is_not(None)
        )
        for change_id, before, after, sealed in connection.execute(some).all():
            yield {
                "change_id": change_id, "b_act": number,
                "b_before": {key: value for key, value in before.items() if key not in sealed},
                "b_after": {key: value for key, value in after.items() if key not in sealed},
            }  # fmt: skip
