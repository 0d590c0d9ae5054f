"""Any later change, removal, insertion or reordering of the record is found; a whole record gives no alarm."""

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.history import chain
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person

TAMPERINGS = [
    "UPDATE acts SET note = 'x' WHERE number = 2",
    "UPDATE acts SET actor = 'user:9' WHERE number = 1",
    "UPDATE acts SET kind = 'organisation.added' WHERE number = 3",
    "UPDATE acts SET about_id = 99 WHERE number = 1",
    "UPDATE acts SET hash = previous WHERE number = 2",
    "UPDATE acts SET number = number + 1 WHERE number = 3",
    "UPDATE changes SET after = '{}' WHERE act_id = 2",
    'UPDATE changes SET before = \'{"phone":"9"}\' WHERE act_id = 2',
    "UPDATE changes SET row_id = 7 WHERE act_id = 1",
    "UPDATE changes SET operation = 'delete' WHERE act_id = 1",
    "UPDATE changes SET after = REPLACE(after, '花子', '太郎') WHERE table_name = 'people'",
    "UPDATE changes SET sealed = '{}' WHERE table_name = 'people'",
    "DELETE FROM changes WHERE act_id = 2",
    "UPDATE chain_heads SET number = number - 1",
]


@pytest.fixture
def three_acts(app: Flask) -> None:
    organisation = Organisation(name="株式会社見本")
    with act(Kind.ORGANISATION_ADDED, about=organisation):
        db.session.add(organisation)
    with act(Kind.ORGANISATION_CHANGED, about=organisation):
        organisation.phone = "044-000-0000"
    with act(Kind.PERSON_ADDED):
        db.session.add(Person(organisation=organisation, name="見本 花子"))


def untriggered(statement: str) -> None:
    """Change the record as whoever owns the database could: with the triggers out of the way."""
    with db.engine.connect().execution_options(crm_writing=True) as connection, connection.begin():
        if db.engine.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        else:
            for (name,) in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        connection.execute(sa.text(statement))


@pytest.mark.usefixtures("three_acts")
def test_a_whole_record_gives_no_alarm(app: Flask) -> None:
    assert list(chain.breaches(db.session)) == []
    assert chain.head(db.session).number == 3


@pytest.mark.usefixtures("three_acts")
@pytest.mark.parametrize("statement", TAMPERINGS)
def test_each_tampering_is_found(app: Flask, statement: str) -> None:
    untriggered(statement)
    assert list(chain.breaches(db.session))


@pytest.mark.usefixtures("three_acts")
def test_the_last_act_cut_off_is_found_through_the_head(app: Flask) -> None:
    untriggered("DELETE FROM changes WHERE act_id = 3")
    untriggered("DELETE FROM acts WHERE number = 3")
    assert list(chain.breaches(db.session))


@pytest.mark.usefixtures("three_acts")
@pytest.mark.parametrize("statement", ["UPDATE acts SET note = 'x'", "DELETE FROM acts", "DELETE FROM changes",
                                       "UPDATE changes SET operation = 'x'"])  # fmt: skip
def test_the_database_itself_refuses_to_change_the_record(app: Flask, statement: str) -> None:
    with (
        pytest.raises(sa.exc.DBAPIError, match="append-only"),
        db.engine.connect().execution_options(crm_writing=True) as connection,
        connection.begin(),
    ):
        connection.execute(sa.text(statement))
