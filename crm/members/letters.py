"""Letters about membership: to applicants at each step, and to members with their certificate."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from crm.documents.issued import IssuedDocument
from crm.mail.outbox import Letter, Recipient, post
from crm.members.applications import Application, renew_link
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations.people import Person
from crm.values.fiscal_year import FiscalYear


def confirm_address(application: Application) -> Letter:
    """Please confirm that this address is yours; only then the application counts."""
    return _to_applicant("members/confirm_address", application, key=f"confirm_address:{application.id}")


def application_received(application: Application) -> Letter:
    """The receipt: we have it, under this number, and how to look at it."""
    return _to_applicant("members/application_received", application)


def application_returned(application: Application) -> Letter:
    """Please correct something, under the same link."""
    return _to_applicant("members/application_returned", application, office_remark=application.returned_remark)


def application_declined(application: Application) -> Letter:
    """It was not accepted, and why."""
    return _to_applicant("members/application_declined", application, reason=application.decision_reason)


def application_accepted(
    application: Application, member: Member, member_class: MemberClass, on: date, certificate: Certificate | None
) -> Letter:
    """Welcome: member number, class, first day, and the certificate when it was issued."""
    return _to_applicant(
        "members/application_accepted", application, documents=_documents(certificate), member_number=member.number,
        member_class=member_class, joined_on=on, year=FiscalYear.of(on), has_certificate=certificate is not None,
    )  # fmt: skip


def certificate_issued(certificate: Certificate, liaison: Person | None) -> Letter:
    """The certificate to the liaison; without one the letter is held, so that the office sees it."""
    name = certificate.member.organisation.name
    recipient = Recipient(liaison.email, liaison.name, liaison.locale) if liaison else Recipient("", name)
    return post(
        "members/certificate_issued", to=recipient, about=certificate, documents=_documents(certificate),
        key=f"certificate_issued:{certificate.number}", organisation=name, number=certificate.number,
        year=certificate.year, member_class=certificate.member_class, valid_until=certificate.valid_until,
    )  # fmt: skip


def _documents(certificate: Certificate | None) -> list[IssuedDocument]:
    return [certificate.document] if certificate is not None and certificate.document is not None else []


def _to_applicant(
    name: str, application: Application, *, documents: Iterable[IssuedDocument] = (), key: str | None = None, **values: Any
) -> Letter:  # fmt: skip
    renew_link(application)
    return post(
        name, to=Recipient(application.contact_email, application.contact_name, application.locale),
        about=application, documents=documents, key=key, organisation=application.name, url=application.url,
        number=application.number or "", **values,
    )  # fmt: skip
