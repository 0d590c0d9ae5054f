"""Issued documents: frozen, drawn once, reissued as marked copies."""

import io
from datetime import date

import pytest
from flask import Flask
from pypdf import PdfReader

from crm.db import db
from crm.documents import fonts, issued, papers, signing
from crm.documents.issued import DocumentState, IssuedDocument
from crm.documents.signing import SignatureState
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.settings import settings as office
from crm.values.yen import Yen
from tests.documents.sample_papers import ISSUER, SampleCertificate, a_letter


def an_issued_letter(number: str = "TST-2026-0001") -> IssuedDocument:
    with act(Kind.INVOICE_ISSUED):
        return issued.issue(a_letter(number=number), number=number, to="株式会社ケア", amount=Yen(360000))


def drawn(thing: issued.Drawable) -> bytes:
    content = issued.render(thing)
    with act(Kind.PAPER_DRAWN):
        issued.attach(thing, content)
    return content


def test_a_document_waits_to_be_drawn_and_then_has_its_bytes(app: Flask) -> None:
    document = an_issued_letter()
    assert issued.undrawn() == [document]
    content = drawn(document)
    assert issued.undrawn() == []
    assert document.state is DocumentState.DRAWN
    assert issued.pdf(document) == content


def test_a_document_can_be_read_before_it_is_stored_and_the_bytes_are_the_same(app: Flask) -> None:
    document = an_issued_letter()
    early = issued.pdf(document)
    assert document.file is None
    assert drawn(document) == early


def test_drawing_twice_keeps_the_first_bytes(app: Flask) -> None:
    document = an_issued_letter()
    first = drawn(document)
    with act(Kind.PAPER_DRAWN):
        issued.attach(document, b"something else")
    assert issued.pdf(document) == first


def test_later_changes_of_the_issuer_do_not_touch_an_issued_document(app: Flask) -> None:
    with act(Kind.INVOICE_ISSUED):
        paper = papers.unpacked(
            "test-letter", {**a_letter().packed(), "issuer": papers.facts.packed(papers.letterhead())}
        )
        document = issued.issue(paper, number="TST-2026-0001", to="株式会社ケア")
    with act(Kind.SETTING_CHANGED):
        office.change("issuer.name", "新しい名前")
    assert "かわさきケアデザイン" in PdfReader(io.BytesIO(issued.pdf(document))).pages[0].extract_text()


def test_nothing_of_an_issued_document_may_change_or_go(app: Flask) -> None:
    document = an_issued_letter()
    with pytest.raises(RuntimeError, match="amount"), act(Kind.PAPER_DRAWN):
        document.amount = Yen(1)
    with pytest.raises(RuntimeError, match="facts"), act(Kind.PAPER_DRAWN):
        document.facts = {}
    with pytest.raises(RuntimeError, match="deleted"), act(Kind.PAPER_DRAWN):
        db.session.delete(document)
    drawn(document)
    with pytest.raises(RuntimeError, match="file_id"), act(Kind.PAPER_DRAWN):
        document.file = None


def test_a_missing_glyph_stops_the_issue_and_leaves_nothing(app: Flask) -> None:
    with pytest.raises(fonts.MissingGlyph), act(Kind.INVOICE_ISSUED):
        issued.issue(a_letter(remark="😀"), number="TST-2026-0001", to="株式会社ケア")
    assert issued.undrawn() == []


def test_a_reissue_is_a_marked_copy_in_the_register(app: Flask) -> None:
    document = an_issued_letter()
    original = drawn(document)
    for reason in ("紛失のため", "宛先が届かなかったため"):
        with act(Kind.PAPER_REISSUED):
            issued.reissue(document, reason=reason)
    first, second = document.copies
    assert [(c.ordinal, c.reason, c.reissued_by) for c in (first, second)] == [
        (1, "紛失のため", "test"), (2, "宛先が届かなかったため", "test"),
    ]  # fmt: skip
    assert issued.undrawn() == [first, second]
    assert "再発行" in PdfReader(io.BytesIO(drawn(first))).pages[0].extract_text()
    assert issued.pdf(document) == original
    assert first.file_name == "TST-2026-0001-1.pdf"


def test_a_reissue_needs_a_reason(app: Flask) -> None:
    document = an_issued_letter()
    with pytest.raises(Refused), act(Kind.PAPER_REISSUED):
        issued.reissue(document, reason=" ")


def test_a_signed_kind_is_signed_and_reads_the_same_before_and_after(app: Flask) -> None:
    with act(Kind.CERTIFICATES_ISSUED):
        document = issued.issue(SampleCertificate(issuer=ISSUER), number="CRT-2026-0001", to="株式会社髙﨑𠮷")
    early = issued.pdf(document)
    assert drawn(document) == early
    assert signing.check(issued.pdf(document)).state is SignatureState.VALID


def test_what_cannot_be_drawn_waits_for_a_person_and_may_be_tried_again(app: Flask) -> None:
    document = an_issued_letter()
    with act(Kind.PAPER_DRAWN):
        issued.give_up(document, "no room on the disk")
    assert issued.undrawn() == []
    assert (document.state, document.trouble) == (DocumentState.FAILED, "no room on the disk")
    with act(Kind.PAPER_DRAWN):
        issued.try_again(document)
    assert issued.undrawn() == [document]


def test_documents_are_found_by_the_row_they_belong_to(app: Flask) -> None:
    first = an_issued_letter()
    with act(Kind.INVOICE_ISSUED):
        later = issued.issue(
            a_letter(), number="TST-2026-0002", to="株式会社ケア", about=first, transaction_date=date(2026, 4, 1)
        )
    assert db.session.scalars(issued.about(first)).all() == [later]
