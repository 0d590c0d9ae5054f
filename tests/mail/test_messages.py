"""A letter on the wire: readable by every mail program, in any script, its papers with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from reportlab.platypus import Flowable, Spacer

from crm.documents import files, issued, papers
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import delivery, messages
from crm.mail.messages import Unfit
from crm.mail.outbox import Letter, LetterKind
from crm.settings import settings as office_settings
from tests.mail.conftest import Sink

Post = Callable[..., Letter]


@dataclass(frozen=True, kw_only=True)
class NotePaper(papers.Paper, kind="test_note"):
    """A paper with nothing on it."""

    @property
    def title(self) -> str:
        return "控え"

    def story(self) -> list[Flowable]:
        return [Spacer(1, 1)]


def office_decides(**values: str) -> None:
    with act(Kind.SETTING_CHANGED):
        for key, value in values.items():
            office_settings.change(key.replace("_", ".", 1), value)


def test_a_japanese_letter_arrives_as_it_was_written(sink: Sink, a_letter: Post) -> None:
    name = "髙﨑𠮷之介"
    letter = a_letter(recipient_name=name, what="長い題名" * 30)
    assert delivery.deliver_once().sent == 1
    message = sink.taken[0]
    assert message["Subject"] == letter.subject
    assert message.get_content().replace("\r\n", "\n") == letter.body
    assert message["To"].addresses[0].display_name == name
    assert message["Message-ID"] == letter.message_id
    assert message["Auto-Submitted"] == "auto-generated"


def test_every_line_on_the_wire_is_seven_bits(sink: Sink, a_letter: Post) -> None:
    a_letter(recipient_name="川崎花子")
    delivery.deliver_once()
    assert sink.taken[0].as_bytes().isascii()


def test_the_office_is_the_sender_and_gets_the_answers(sink: Sink, a_letter: Post) -> None:
    a_letter()
    delivery.deliver_once()
    assert sink.taken[0]["From"].addresses[0].addr_spec == "office@crm.example.jp"
    assert "Reply-To" not in sink.taken[0]
    office_decides(issuer_email="info@caresaki.example.jp")
    a_letter(locale="en")
    delivery.deliver_once()
    assert sink.taken[1]["From"].addresses[0].addr_spec == "info@caresaki.example.jp"
    assert sink.taken[1]["From"].addresses[0].display_name == "Kawasaki Care Design Consortium"
    assert sink.taken[1]["Reply-To"] == "info@caresaki.example.jp"


def test_an_announcement_can_be_ended_by_one_click(sink: Sink, a_letter: Post) -> None:
    a_letter(kind=LetterKind.ANNOUNCEMENT, unsubscribe_url="https://crm.example.jp/unsubscribe/abc")
    delivery.deliver_once()
    assert sink.taken[0]["List-Unsubscribe"] == "<https://crm.example.jp/unsubscribe/abc>"
    assert sink.taken[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_files_and_papers_go_along_under_their_names(sink: Sink, a_letter: Post) -> None:
    with act(Kind.FILE_KEPT):
        calendar = files.keep(
            b"BEGIN:VCALENDAR", name="行事「公開講座」.ics", media_type="text/calendar; method=REQUEST"
        )
        paper = NotePaper(issuer=papers.letterhead())
        document = issued.issue(paper, number="T-2026-0001", to="株式会社みほん")
    a_letter(documents=[document], files=[calendar])
    delivery.deliver_once()
    pdf, ics = sink.taken[0].iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == ("T-2026-0001.pdf", "application/pdf")
    assert pdf.get_content() == issued.pdf(document)
    assert (ics.get_filename(), ics.get_content_type()) == ("行事「公開講座」.ics", "text/calendar")
    assert ics.get_param("method") == "REQUEST"
    assert ics.get_payload(decode=True) == b"BEGIN:VCALENDAR"


def test_a_domain_in_any_script_is_spelled_for_servers() -> None:
    assert messages.mailbox("a.b+c@日本語.jp") == "a.b+c@xn--wgv71a119e.jp"


@pytest.mark.parametrize(
    "address", ["", "@", "a@", "@b.jp", "a b@c.jp", "a\n@c.jp", "a" * 65 + "@c.jp", "a@c..jp", "é@c.jp"]
)
def test_an_address_nobody_could_deliver_to_is_unfit(address: str) -> None:
    with pytest.raises(Unfit):
        messages.mailbox(address)
