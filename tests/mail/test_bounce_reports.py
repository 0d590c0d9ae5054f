"""Reports that a letter did not arrive: recognised, weighed, and traced to the letter."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from flask import Flask

from crm.mail import bounce_reports
from crm.mail.bounces import Weight
from tests.mail import reports

ID = f"<{uuid.UUID(int=7)}@crm.example.jp>"


@pytest.mark.parametrize(
    ("status", "words", "weight"),
    [
        ("5.1.1", "550 5.1.1 User unknown", Weight.HARD),
        ("5.1.2", "550 5.1.2 bad destination system", Weight.HARD),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", Weight.HARD),
        ("5.0.0", "550 failed", Weight.HARD),
        ("5.2.1", "550 5.2.1 mailbox disabled", Weight.HARD),
        ("5.4.4", "Host or domain name not found. Name service error", Weight.HARD),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", Weight.HARD),
        ("5.2.2", "552 5.2.2 mailbox full", Weight.SOFT),
        ("5.2.3", "552 message too large", Weight.SOFT),
        ("5.7.1", "550 5.7.1 taken for spam", Weight.SOFT),
        ("5.1.8", "553 sender's domain not found", Weight.SOFT),
        ("5.6.0", "554 content", Weight.SOFT),
        ("4.4.7", "message expired", Weight.SOFT),
        ("4.2.2", "over quota", Weight.SOFT),
    ],
)
def test_only_what_is_about_the_address_weighs_hard(app: Flask, status: str, words: str, weight: Weight) -> None:
    report = bounce_reports.read(reports.dsn(ID, status, words=words))
    assert report is not None
    assert (report.weight, report.status) == (weight, status)


@pytest.mark.parametrize("write", [reports.dsn, reports.exim, reports.qmail, reports.japanese])
def test_what_servers_write_is_recognised_and_traced(app: Flask, write: Callable[[str], bytes]) -> None:
    report = bounce_reports.read(write(ID))
    assert report is not None
    assert report.weight is Weight.HARD
    assert report.message_ids == (ID,)


def test_headers_alone_returned_are_enough(app: Flask) -> None:
    report = bounce_reports.read(reports.dsn(ID, returned="text/rfc822-headers"))
    assert report is not None
    assert report.message_ids == (ID,)
    assert report.email == "hanako@example.jp"


def test_words_of_a_server_that_are_no_ascii_do_not_hide_the_report(app: Flask) -> None:
    raw = reports.dsn(ID, words="550 5.1.1 宛先不明")
    for encoded in (raw, raw.decode().encode("cp932"), raw.decode().encode("euc-jp")):
        report = bounce_reports.read(encoded)
        assert report is not None
        assert (report.weight, report.message_ids) == (Weight.HARD, (ID,))


def test_a_letter_still_tried_is_told_apart(app: Flask) -> None:
    report = bounce_reports.read(reports.dsn(ID, "4.4.1", action="delayed"))
    assert report is not None
    assert report.weight is Weight.DELAYED


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_success_is_no_report(app: Flask, action: str) -> None:
    assert bounce_reports.read(reports.dsn(ID, "2.0.0", action=action)) is None


def test_an_absence_notice_and_an_ordinary_letter_are_no_reports(app: Flask) -> None:
    assert bounce_reports.read(reports.absence(ID)) is None
    assert bounce_reports.read(b"From: a@example.jp\nSubject: hello\n\nUser unknown 550 5.1.1\n") is None


def test_the_letters_own_return_address_names_it_when_nothing_else_does(app: Flask) -> None:
    tag = uuid.UUID(int=9).hex
    raw = reports.dsn("<nothing@elsewhere>").replace(b"To: office@example.jp", f"To: bounces+{tag}@example.jp".encode())
    report = bounce_reports.read(raw)
    assert report is not None
    assert report.message_ids[0].startswith(f"<{uuid.UUID(int=9)}@")


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\0\xff\xfe", b"Content-Type: multipart/report; boundary=\n\n--\n", reports.dsn(ID)[:400], reports.dsn(ID)[:700],
        b"From: mailer-daemon@x\nContent-Type: text/plain; charset=no-such-charset\n\n\xff\xfe 5.1.1",
        b"From: mailer-daemon@x\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n!!!!",
        b"From: mailer-daemon@x\nSubject: =?x?b?!!?=\n\n" + b"<" * 100_000,
        b"From: mailer-daemon@x\n" + b"To: " + b"a@b, " * 10_000 + b"\n\n550 user unknown",
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 300) + b"x",
    ],
)  # fmt: skip
def test_whatever_a_stranger_writes_fails_nothing(app: Flask, raw: bytes) -> None:
    report = bounce_reports.read(raw)
    assert report is None or report.words.isprintable()


def test_every_cut_of_a_report_is_read_without_failing(app: Flask) -> None:
    whole = reports.dsn(ID)
    for end in range(0, len(whole), 7):
        bounce_reports.read(whole[:end])
