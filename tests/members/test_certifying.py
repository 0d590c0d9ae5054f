"""The certificates of a year in one go, one again, one in English, one revoked; and what a standard validator says of them."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from crm import worker
from crm.db import db
from crm.documents import issued
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from crm.members import certificates, certifying
from crm.members.certificates import Certificate
from crm.members.certifying import CertificateRun, CertifyingState
from crm.settings import settings
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_member

FY2026 = FiscalYear(2026)

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(autouse=True)
def _today(clock_at) -> None:
    clock_at("2026-07-01 09:00")


def a_certificate(**values: Any) -> Certificate:
    member = a_member(**values)
    with act(Kind.CERTIFICATES_ISSUED):
        return certificates.issue(member, FY2026)


def begun(year: FiscalYear = FY2026, *, send: bool = False) -> CertificateRun:
    with act(Kind.CERTIFICATES_ISSUED) as deed:
        deed.about = run = certifying.begin(year, send=send)
    return run


def text_of(content: bytes) -> str:
    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages)


def test_a_years_certificates_come_as_signed_originals_with_an_index_and_as_one_pdf(sign_in) -> None:
    for name in ("株式会社アオゾラ", "株式会社髙﨑𠮷", "株式会社ミナト"):
        a_member(name=name)
    clerk = sign_in("clerk")
    answer = clerk.fill_in("/office/certificates/issue?year=2026", form="/issue", send=None)
    assert answer.status_code == 303
    assert clerk.get(f"{answer.location}/progress").get_json()["finished"] is False
    assert clerk.get(f"{answer.location}/zip").status_code == 404, "not before it is there"
    worker.run_once()
    state = clerk.get(f"{answer.location}/progress").get_json()
    assert (state["done"], state["total"], state["finished"]) == (6, 6, True)
    archive = zipfile.ZipFile(io.BytesIO(clerk.get(f"{answer.location}/zip").data))
    assert archive.namelist() == [f"CERT-2026-000{n}.pdf" for n in (1, 2, 3)] + ["index.csv"]
    rows = list(csv.reader(io.StringIO(archive.read("index.csv").decode("utf-8-sig"))))
    assert [row[2] for row in rows[1:]] == ["株式会社アオゾラ", "株式会社髙﨑𠮷", "株式会社ミナト"]
    for row in rows[1:]:
        content = archive.read(row[5])
        assert hashlib.sha256(content).hexdigest() == row[6]
        assert PdfFileReader(io.BytesIO(content)).embedded_signatures
    together = PdfReader(io.BytesIO(clerk.get(f"{answer.location}/pdf").data))
    assert len(together.pages) == 3
    assert [entry["/Title"] for entry in together.outline if isinstance(entry, dict)][
        1
    ] == "CERT-2026-0002　株式会社髙﨑𠮷"
    assert "株式会社髙﨑𠮷殿" in "".join(together.pages[1].extract_text().split())
    assert db.session.scalar(sa.select(sa.func.count(Letter.id))) == 0


def test_a_run_sends_each_liaison_theirs_once_and_names_who_could_not_be_certified(sign_in) -> None:
    a_member(name="株式会社アオゾラ")
    a_member(name="株式会社\U0001f9ec")
    run = begun(send=True)
    worker.run_once()
    db.session.expire_all()
    run = db.session.get_one(CertificateRun, run.id)
    assert (run.state, run.gathered, [one["name"] for one in run.failed]) == (
        CertifyingState.ENDED, 1, ["株式会社\U0001f9ec"],
    )  # fmt: skip
    assert db.session.scalars(sa.select(Letter.template)).all() == ["members/certificate_issued"]
    page = sign_in("auditor").get(f"/office/certificates/runs/{run.id}")
    assert "株式会社\U0001f9ec" in page.text
    assert list(issued.breaches()) == [], "who could not be certified took no number"


def test_an_interrupted_run_goes_on_and_two_are_one(sign_in) -> None:
    for _n in range(5):
        a_member()
    run = begun()
    assert begun().id == run.id
    with act(Kind.CERTIFICATES_ISSUED):
        assert certifying.work_off(run.id, most=2) == 3
    assert db.session.scalar(sa.select(sa.func.count(Certificate.id))) == 2
    worker.run_once()
    db.session.expire_all()
    numbers = [c.number for c in db.session.scalars(sa.select(Certificate).order_by(Certificate.id))]
    assert numbers == [f"CERT-2026-000{n}" for n in range(1, 6)]
    again = begun()
    assert (again.members, again.state) == ([], CertifyingState.GATHERING)
    worker.run_once()
    db.session.expire_all()
    assert db.session.get_one(CertificateRun, again.id).gathered == 5
    files = {db.session.get_one(CertificateRun, one).pdf_id for one in (run.id, again.id)}
    assert len(files) == 1, "the same certificates give the same bytes"


def test_one_revoked_while_the_run_goes_on_is_not_issued_anew_by_it() -> None:
    for name in ("株式会社アオゾラ", "株式会社ミナト"):
        a_member(name=name)
    run = begun(send=True)
    with act(Kind.CERTIFICATES_ISSUED, about=run):
        certifying.work_off(run.id, most=1)
    with act(Kind.CERTIFICATE_REVOKED) as deed:
        deed.about = first = db.session.scalars(sa.select(Certificate)).one()
        first.revoke(on=date(2026, 7, 1), reason="誤り")
    worker.run_once()
    assert [c.number for c in db.session.scalars(sa.select(Certificate).order_by(Certificate.id))] == [
        "CERT-2026-0001", "CERT-2026-0002",
    ]  # fmt: skip


def test_nobody_to_certify_is_said(sign_in) -> None:
    answer = sign_in("clerk").get("/office/certificates/issue?year=2026")
    assert "/office/certificates/issue" not in re.findall(r'<form[^>]*action="([^"]*)"', answer.text)
    with pytest.raises(Refused):
        begun()


def test_by_rule_only_corporate_members_get_one_yet_an_associate_may_by_hand(sign_in) -> None:
    a_member(name="株式会社アオゾラ")
    associate = a_member(member_class="associate", name="見本大学")
    with act(Kind.SETTING_CHANGED):
        settings.change("certificates.to", "corporate")
    page = sign_in("clerk").get("/office/certificates/issue?year=2026").text
    assert "企業会員にのみ" in page
    with act(Kind.CERTIFICATES_ISSUED):
        assert [c.member.organisation.name for c in certificates.issue_all(FY2026)] == ["株式会社アオゾラ"]
    with act(Kind.CERTIFICATES_ISSUED):
        assert certificates.issue(associate, FY2026).number == "CERT-2026-0002"


def test_a_lost_one_is_issued_again_marked_with_its_reason_and_sent(sign_in) -> None:
    certificate = a_certificate(name="株式会社アオゾラ")
    clerk, page = sign_in("clerk"), f"/office/certificates/{certificate.id}"
    assert clerk.fill_in(page, form="/reissue", why="").status_code == 422
    answer = clerk.fill_in(page, form="/reissue", why="紛失のため", send_copy="y")
    assert answer.status_code == 303, answer.text
    shown = clerk.get(page).text
    assert "紛失のため" in shown
    copy = clerk.get(f"{page}/pdf?copy=1")
    assert copy.status_code == 200
    assert "再発行" in text_of(copy.data)
    assert "CERT-2026-0001" in text_of(copy.data)
    assert "再発行" not in text_of(clerk.get(f"{page}/pdf").data)
    letter = db.session.scalars(sa.select(Letter).where(Letter.template == "members/certificate_copied")).one()
    attached = letter.attachments[0].file
    assert attached is not None
    assert attached.path.read_bytes() == copy.data
    assert clerk.get(f"{page}/pdf?copy=2").status_code == 404
    assert sign_in("auditor").get(page).text.count("/reissue") == 0


def test_one_in_the_other_language_has_the_same_facts_and_the_same_page_to_check(sign_in) -> None:
    certificate = a_certificate(name="株式会社アオゾラ")
    clerk, page = sign_in("clerk"), f"/office/certificates/{certificate.id}"
    assert clerk.get(f"{page}/pdf?language=other").status_code == 404
    answer = clerk.fill_in(page, form="/other-language", name="Aozora Co., Ltd.")
    assert answer.status_code == 303, answer.text
    text = text_of(clerk.get(f"{page}/pdf?language=other").data)
    for words in ("CertificateofMembership", "AozoraCo.,Ltd.", "CERT-2026-0001", "/verify/CERT-2026-0001", "M-0001",
                  "1April2026–31March2027"):  # fmt: skip
        assert words in text, words
    certificate = db.session.get_one(Certificate, certificate.id)
    assert certificate.other_document is not None
    assert certificate.other_document.number == "CERT-2026-0001-EN"
    with act(Kind.CERTIFICATE_TRANSLATED):
        assert certificates.in_other_language(certificate) is certificate.other_document
    assert list(issued.breaches()) == []


def test_revoking_tells_the_liaison_if_wanted_and_the_public_page_at_once(client, sign_in) -> None:
    certificate = a_certificate()
    clerk, page = sign_in("clerk"), f"/office/certificates/{certificate.id}"
    assert clerk.fill_in(page, form="/revoke", reason="記載誤りのため", send="y").status_code == 303
    letter = db.session.scalars(sa.select(Letter).where(Letter.template == "members/certificate_revoked")).one()
    assert "記載誤りのため" in letter.body
    assert "失効" in client.get("/verify/CERT-2026-0001", headers={"Accept-Language": "ja"}).text
    english = client.get("/verify/CERT-2026-0001", headers={"Accept-Language": "en"}).text
    assert "was withdrawn" in english
    assert "記載誤り" not in english
    for doing in ("reissue", "other-language"):
        assert f"/{doing}" not in clerk.get(page).text


def test_a_standard_validator_finds_the_signature_sound_and_any_change_of_it(sign_in) -> None:
    certificate = a_certificate(name="株式会社髙﨑𠮷")
    assert certificate.document is not None
    content = issued.pdf(certificate.document)
    (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    status = validate_pdf_signature(
        signature, ValidationContext(trust_roots=[signature.signer_cert], allow_fetching=False)
    )
    assert status.bottom_line
    assert status.intact
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.docmdp_ok
    assert signature.signer_cert.subject.native["common_name"] == "かわさきケアデザインコンソーシアム"
    changed = content.replace(b"/Title", b"/Titel", 1)
    (broken,) = PdfFileReader(io.BytesIO(changed)).embedded_signatures
    assert not validate_pdf_signature(
        broken, ValidationContext(trust_roots=[broken.signer_cert], allow_fetching=False)
    ).intact


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="no pdfsig: poppler-utils is not installed")
def test_poppler_finds_the_signature_sound(tmp_path: Path) -> None:
    certificate = a_certificate()
    assert certificate.document is not None
    file = tmp_path / "certificate.pdf"
    file.write_bytes(issued.pdf(certificate.document))
    said = subprocess.run(["pdfsig", str(file)], capture_output=True, text=True).stdout
    assert "Signature is Valid" in said, said
    assert "Total document signed" in said


@pytest.mark.parametrize("role", ["treasurer", "coordinator", "auditor", "city_officer"])
def test_who_may_not_issue_cannot(sign_in, role: str) -> None:
    certificate = a_certificate()
    visitor = sign_in(role)
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/join").text)
    assert token
    for doing in (f"{certificate.id}/revoke", f"{certificate.id}/other-language", "issue"):
        assert visitor.post(f"/office/certificates/{doing}", data={"csrf_token": token[1]}).status_code == 403, doing


def test_a_member_since_within_the_year_is_certified_from_the_first_day(sign_in) -> None:
    certificate = a_certificate(on=date(2026, 6, 15))
    assert (certificate.valid_from, certificate.valid_until) == (date(2026, 6, 15), date(2027, 3, 31))
