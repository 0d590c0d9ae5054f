"""Nobody sees another member's anything: every address of the portal, found from the address map, with another member's ids.

A route that somebody adds tomorrow is walked tomorrow; one with an argument nobody named here fails until it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from crm import clock
from crm.access import second_factor, sessions, users
from crm.billing import receipts
from crm.db import db
from crm.events import colleagues
from crm.events.registering import Visitor as Registrant
from crm.history.kinds import Kind
from crm.history.recording import act, housekeeping
from crm.history.records import Act
from crm.members import certificates
from crm.organisations import change_requests
from crm.organisations.people import PersonRole
from crm.organisations.portal_rights import PortalRight
from crm.values.fiscal_year import FiscalYear
from tests import builders
from tests.members_people import with_account
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]
EVERYONES = {"slug": "mihon-event", "role": "liaison", "purpose": "announcements", "lang": "ja"}
"""Arguments that name nobody's record: an event is public, a role and a purpose are words."""
NOBODYS = 987_654_321
RIGHTS = [frozenset(PortalRight), frozenset(), *(frozenset({right}) for right in PortalRight)]


@dataclass
class Furnished:
    """A member with something of everything, the ids of it by the name of the argument, and the words that would betray it."""

    person: Any
    user: Any
    ids: dict[str, int]
    words: list[str] = field(default_factory=list)


def furnished(name: str, email: str, session: Any) -> Furnished:
    member = builders.a_paying_member(name, kana="ミホン", phone="044-000-0000")
    organisation = member.organisation
    person, user = with_account(organisation, PersonRole.LIAISON, name=f"{name}の担当者", email=email)
    invoice = builders.an_issued_invoice(member)
    payment = builders.a_payment(invoices=[invoice], member=member)
    with act(Kind.RECEIPT_ISSUED, about=payment):
        receipt = receipts.issue(payment)
    with act(Kind.CERTIFICATES_ISSUED):
        certificate = certificates.issue(member, FiscalYear(2026))
        db.session.flush()
    with act(Kind.REGISTERED):
        (registration,) = colleagues.register(
            session.id, [Registrant(name=f"{name}の参加者", email="", organisation=name)], by=person
        )
    with act(Kind.CHANGE_ASKED, about=organisation):
        request = change_requests.ask(organisation, person, {"representative": f"{name}の新代表"})
        db.session.flush()
    with housekeeping():
        sessions.start(user, sessions.Strength.PASSWORD)
    with act(Kind.SECOND_FACTOR_ADDED):
        key = second_factor.Passkey(
            user=user, name="見本", credential_id=name.encode(), public_key=b"0", sign_count=0, added_at=clock.now()
        )
        db.session.add(key)
        db.session.flush()
    sign_in_id = sessions.of(user)[0].id
    ids = {
        "certificate_id": certificate.id, "invoice_id": invoice.id, "payment_id": payment.id, "person_id": person.id,
        "registration_id": registration.id, "request_id": request.id, "passkey_id": key.id, "sign_in_id": sign_in_id,
    }  # fmt: skip
    words = [name, member.number, invoice.number, certificate.number, receipt.document.number, user.email]
    return Furnished(person, user, ids, [word for word in words if word])


@dataclass
class Two:
    """Two members and the application they meet in."""

    ours: Furnished
    theirs: Furnished


@pytest.fixture
def two(app: Flask, clock_at: Callable[[str], datetime]) -> Two:
    clock_at("2026-05-11 10:00")
    event = builders.an_event(50, slug=EVERYONES["slug"])
    return Two(
        furnished("株式会社青", "ao@example.test", event.sessions[0]),
        furnished("有限会社緑", "midori@example.test", event.sessions[0]),
    )


def walls(app: Flask) -> Iterator[tuple[str, str, set[str]]]:
    """Method, address pattern and arguments of every way into the portal."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("portal."):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, rule.endpoint, set(rule.arguments)


def address(app: Flask, endpoint: str, arguments: set[str], ids: dict[str, int]) -> str:
    values = {name: ids.get(name, EVERYONES.get(name)) for name in arguments}
    unknown = [name for name, value in values.items() if value is None]
    assert not unknown, f"{endpoint}: say above whose {unknown} are, so that they are walked with another member's ids"
    return app.url_map.bind("localhost").build(endpoint, values)


def test_another_members_ids_are_as_if_they_did_not_exist(app: Flask, two: Two, sign_in: SignIn) -> None:
    walked = 0
    nobody = dict.fromkeys(two.theirs.ids, NOBODYS)
    for rights in RIGHTS:
        user = with_account(two.ours.person.organisation, rights=rights)[1]
        visitor = sign_in(user=user)
        token = forms_on(visitor.get("/portal/me/").text)[0].values["csrf_token"]
        before = db.session.query(Act).count()
        for method, endpoint, arguments in walls(app):
            if not arguments & two.theirs.ids.keys():
                continue
            theirs = address(app, endpoint, arguments, two.theirs.ids)
            answer = visitor.open(theirs, method=method, data={"csrf_token": token} if method == "POST" else None)
            missing = visitor.open(
                address(app, endpoint, arguments, nobody),
                method=method,
                data={"csrf_token": token} if method == "POST" else None,
            )
            right = getattr(app.view_functions[endpoint], "__portal_right__", None)
            expected = 404 if right is None or right in rights else 403
            assert (answer.status_code, missing.status_code) == (expected, expected), (
                f"{method} {theirs} {sorted(rights)}"
            )
            assert not [word for word in two.theirs.words if word in answer.text], theirs
            walked += 1
        assert db.session.query(Act).count() == before
    assert walked >= 15 * len(RIGHTS)


def test_no_page_shows_anything_of_another_member(app: Flask, two: Two, sign_in: SignIn) -> None:
    for rights in RIGHTS:
        visitor = sign_in(user=with_account(two.ours.person.organisation, rights=rights)[1])
        for method, endpoint, arguments in walls(app):
            if method != "GET" or "sign_in_id" in arguments:
                continue
            path = address(app, endpoint, arguments, two.ours.ids)
            answer = visitor.get(path)
            assert answer.status_code in (200, 303, 403), path
            words = "" if "pdf" in (answer.content_type or "") else answer.text
            seen = [word for word in two.theirs.words if word in words]
            assert not seen, f"{path} shows {seen}"


def test_each_right_opens_its_pages_and_no_more(app: Flask, two: Two, sign_in: SignIn) -> None:
    guarded = dict.fromkeys(PortalRight, 0)
    for rights in RIGHTS:
        visitor = sign_in(user=with_account(two.ours.person.organisation, rights=rights)[1])
        for method, endpoint, arguments in walls(app):
            right = getattr(app.view_functions[endpoint], "__portal_right__", None)
            if method == "GET":
                path = address(app, endpoint, arguments, two.ours.ids)
                allowed = right is None or right in rights
                assert (visitor.get(path).status_code != 403) is allowed, f"{path} {sorted(rights)}"
            if right is not None:
                guarded[right] += 1
    assert all(guarded.values()), "a right nobody asks for promises a rule that does not exist"


def test_our_own_is_there(app: Flask, two: Two, sign_in: SignIn) -> None:
    visitor = sign_in(user=db.session.get_one(users.User, two.ours.user.id))
    for method, endpoint, arguments in walls(app):
        if method == "GET":
            path = address(app, endpoint, arguments, two.ours.ids)
            assert visitor.get(path).status_code == 200, path
    assert "株式会社青" in visitor.get("/portal/").text
