"""Handing over: roles, account, registrations and letters pass to a named successor in one step, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.access.users import User, UserState
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import outbox
from crm.mail.outbox import Letter, LetterKind, LetterState, Recipient
from crm.members.tiers import MemberClass
from crm.organisations import handing_over, people, portal_access, portal_rights
from crm.organisations.handing_over import Wish
from crm.organisations.people import Person, PersonRole
from crm.organisations.portal_rights import PortalRight
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_person, a_registration, an_event, an_organisation
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]
NEWCOMER = {"name": "後任 次郎", "email": "jiro@example.test"}


def a_letter(to: Person, **how: Any) -> Letter:
    with act(Kind.LETTER_HELD):
        return outbox.post(
            "members/certificate_issued" if "template" not in how else how.pop("template"),
            Recipient(to.email, to.name), about=to.organisation, organisation="株式会社アオゾラ", name=to.name, url="https://x.test",
            year=FiscalYear(2026), valid_until=date(2027, 3, 31), member_class=MemberClass.CORPORATE, number="C-1", documents=[], **how,
        )  # fmt: skip


def hand_over(leaver: Person, **how: Any) -> Any:
    wish = Wish(**{"day": clock.today(), **how})
    told = handing_over.foretell(leaver, wish)
    with act(Kind.CONTACT_HANDED_OVER, about=leaver):
        return handing_over.carry_out(leaver, wish), [str(words) for words in told]


def test_the_roles_pass_to_a_newcomer_on_the_day(app: Flask) -> None:
    leaver = a_person(None, PersonRole.BILLING, PersonRole.LIAISON)
    done, told = hand_over(leaver, newcomer=NEWCOMER, roles=frozenset({PersonRole.BILLING, PersonRole.LIAISON}))
    today = clock.today()
    assert done.successor.roles_on(today) == {PersonRole.BILLING, PersonRole.LIAISON}
    assert leaver.roles_on(today) == set()
    assert leaver.roles_on(today - timedelta(days=1)) == {PersonRole.BILLING, PersonRole.LIAISON}
    assert leaver.left_on == today
    assert any("請求先" in words and "後任 次郎" in words for words in told)


def test_without_a_successor_the_role_stays_empty_and_letters_are_held(app: Flask) -> None:
    one = an_organisation()
    leaver, colleague = a_person(one, PersonRole.BILLING), a_person(one, PersonRole.LIAISON)
    letter = a_letter(leaver)
    done, told = hand_over(leaver)
    assert done.left_over == [PersonRole.BILLING]
    assert db.session.scalars(people.holding(PersonRole.BILLING, clock.today())).all() == []
    assert letter.state is LetterState.HELD
    assert letter.recipient_email != colleague.email
    assert any("空席" in words for words in told)


def test_open_letters_go_to_the_successor_with_the_salutation_and_announcements_do_not(app: Flask) -> None:
    leaver = a_person(None, PersonRole.LIAISON, name="先任 一郎")
    letter = a_letter(leaver)
    news = a_letter(leaver, kind=LetterKind.ANNOUNCEMENT, unsubscribe_url="https://x.test/u")
    hand_over(leaver, newcomer=NEWCOMER, roles=frozenset({PersonRole.LIAISON}))
    assert (letter.recipient_email, letter.recipient_name) == ("jiro@example.test", "後任 次郎")
    assert "先任 一郎" not in letter.body
    assert "後任 次郎" in letter.body
    assert (news.recipient_email, news.state) == (leaver.email, LetterState.HELD)


def test_a_letter_to_an_address_a_colleague_shares_is_left_alone(app: Flask) -> None:
    leaver = a_person(None, PersonRole.LIAISON, email="info@example.test")
    a_person(None, PersonRole.LIAISON, email="INFO@example.test")
    letter = a_letter(leaver)
    hand_over(leaver, newcomer=NEWCOMER)
    assert (letter.recipient_email, letter.state) == ("info@example.test", LetterState.QUEUED)


def test_the_old_account_is_closed_and_the_successor_invited_with_the_rights(app: Flask) -> None:
    leaver = a_person(None, PersonRole.BILLING)
    with act(Kind.USER_INVITED):
        old = portal_access.invite_person(leaver)
        portal_rights.choose(leaver, [PortalRight.MONEY_READ])
    done, _told = hand_over(leaver, newcomer=NEWCOMER, roles=frozenset({PersonRole.BILLING}), invites=True)
    assert old.state is UserState.DISABLED
    access = portal_access.of(done.successor)
    assert access is not None
    assert access.user.state is UserState.INVITED
    assert portal_rights.rights_of(done.successor, clock.today()) == {PortalRight.MONEY_READ}
    assert portal_rights.rights_of(leaver, clock.today()) == set()


def test_chosen_registrations_pass_on_with_a_confirmation_and_another_link_and_the_others_stay(app: Flask) -> None:
    leaver = a_person(None, PersonRole.EVENTS)
    goes, stays = (a_registration(an_event().sessions[0], email=leaver.email, name=leaver.name) for _ in range(2))
    code, place = goes.code, goes.session_id
    key = f"crm.events.handing_over:{goes.id}"
    assert {one for one, _words in handing_over.registrations(leaver, clock.today())} >= {key}
    hand_over(leaver, newcomer=NEWCOMER, registrations=frozenset({key}))
    db.session.expire_all()
    assert (goes.name, goes.email, goes.session_id) == ("後任 次郎", "jiro@example.test", place)
    assert goes.code != code
    assert stays.email == leaver.email
    sent = db.session.scalars(outbox.about(goes)).first()
    assert sent is not None
    assert sent.recipient_email == "jiro@example.test"


def test_who_stays_may_pass_one_role_on_alone(app: Flask) -> None:
    one = an_organisation()
    giver, taker = a_person(one, PersonRole.BILLING, PersonRole.LIAISON), a_person(one)
    hand_over(giver, leaves=False, successor=taker, roles=frozenset({PersonRole.BILLING}), letters=False)
    today = clock.today()
    assert giver.roles_on(today) == {PersonRole.LIAISON}
    assert taker.roles_on(today) == {PersonRole.BILLING}
    assert giver.left_on is None


def test_a_stranger_cannot_follow_and_nothing_is_written(app: Flask) -> None:
    leaver, stranger = a_person(None, PersonRole.BILLING), a_person()
    with pytest.raises(Refused):
        hand_over(leaver, successor=stranger)
    db.session.rollback()
    assert leaver.left_on is None


def test_the_office_sees_what_happens_before_it_does(app: Flask, sign_in: SignIn) -> None:
    leaver = a_person(None, PersonRole.BILLING, name="先任 一郎")
    visitor, page = sign_in("clerk"), f"/office/organisations/people/{leaver.id}/hand-over"
    told = visitor.fill_in(page, form="/hand-over", name="後任 次郎", email="jiro@example.test", invites="y")
    assert told.status_code == 200
    assert "招待メール" in told.text
    assert db.session.scalar(sa.select(sa.func.count(Person.id))) == 1
    from tests.visiting import forms_on

    form = next(one for one in forms_on(told.text) if "/hand-over" in one.action)
    answer = visitor.post(form.action, data=form.values)
    assert answer.status_code == 303
    new = db.session.scalars(sa.select(Person).where(Person.name == "後任 次郎")).one()
    assert new.roles_on(clock.today()) == {PersonRole.BILLING}
    assert db.session.scalars(sa.select(User.email).where(User.email == "jiro@example.test")).one()
    assert visitor.post(form.action, data=form.values).status_code == 303  # the same form again
    assert db.session.scalar(sa.select(sa.func.count(Person.id))) == 2


def test_a_newcomer_without_a_name_is_refused_at_the_field(app: Flask, sign_in: SignIn) -> None:
    leaver = a_person(None, PersonRole.BILLING)
    answer = sign_in("clerk").fill_in(f"/office/organisations/people/{leaver.id}/hand-over", form="/hand-over", name="")
    assert answer.status_code == 422
    assert "後任の氏名" in answer.text


@pytest.mark.parametrize(
    ("role", "status"), [("clerk", 200), ("coordinator", 200), ("treasurer", 403), ("auditor", 403)]
)
def test_who_may_not_edit_organisations_hands_nothing_over(app: Flask, sign_in: SignIn, role: str, status: int) -> None:
    leaver = a_person(None, PersonRole.BILLING)
    assert sign_in(role).get(f"/office/organisations/people/{leaver.id}/hand-over").status_code == status


def test_a_day_to_come_closes_the_account_then(app: Flask) -> None:
    leaver = a_person(None, PersonRole.BILLING)
    with act(Kind.USER_INVITED):
        old = portal_access.invite_person(leaver)
    day = clock.today() + timedelta(days=10)
    hand_over(leaver, day=day, newcomer=NEWCOMER, roles=frozenset({PersonRole.BILLING}))
    assert old.state is UserState.INVITED
    assert list(db.session.scalars(portal_access.of_those_who_left(day))) == [leaver]
    assert leaver.roles_on(date.max) == set()
