"""An invented consortium, every name marked 見本: 16 corporate and 24 associate members on 2025-12-31, as the paper counts."""

from __future__ import annotations

from datetime import date

from crm import clock
from crm.billing import bank_accounts
from crm.billing.bank_accounts import AccountType
from crm.db import db
from crm.members import applications as applying
from crm.members import letters, terms
from crm.members.tiers import MemberClass
from crm.organisations import organisations, people
from crm.organisations.organisations import CountSource, Organisation, OrganisationKind
from crm.organisations.people import PersonRole
from crm.settings import settings

# name, reading, industry, employees, joined on
CORPORATE = (
    ("株式会社見本メディカルシステム", "ミホンメディカルシステム", "医療機器", 480, date(2024, 11, 1)),
    ("見本電機株式会社", "ミホンデンキ", "機械製造", 2300, date(2024, 11, 1)),
    ("株式会社見本ケアサービス", "ミホンケアサービス", "介護サービス", 101, date(2024, 11, 1)),
    ("見本ネットワークス株式会社", "ミホンネットワークス", "情報通信", 100, date(2024, 11, 15)),
    ("株式会社見本ロボティクス", "ミホンロボティクス", "機械製造", 64, date(2024, 12, 1)),
    ("合同会社見本データ", "ミホンデータ", "情報通信", 12, date(2025, 1, 15)),
    ("株式会社見本寝具", "ミホンシング", "機械製造", 230, date(2025, 2, 1)),
    ("見本精機株式会社", "ミホンセイキ", "医療機器", 88, date(2025, 4, 1)),
    ("株式会社髙﨑見本センサー", "タカサキミホンセンサー", "医療機器", 45, date(2025, 4, 1)),
    ("株式会社見本フーズ", "ミホンフーズ", "介護サービス", 350, date(2025, 5, 12)),
    ("見本通信株式会社", "ミホンツウシン", "情報通信", 1250, date(2025, 6, 2)),
    ("株式会社見本福祉用具", "ミホンフクシヨウグ", "介護サービス", 39, date(2025, 7, 1)),
    ("株式会社見本クラウド", "ミホンクラウド", "情報通信", 77, date(2025, 8, 1)),
    ("見本化成株式会社", "ミホンカセイ", "機械製造", 640, date(2025, 9, 1)),
    ("株式会社見本リハビリ", "ミホンリハビリ", "介護サービス", 150, date(2025, 10, 1)),
    ("株式会社𠮷野見本製作所", "ヨシノミホンセイサクショ", "機械製造", 28, date(2025, 11, 4)),
    # joined after the day the paper counts on
    ("株式会社見本ナースコール", "ミホンナースコール", "情報通信", 53, date(2026, 5, 11)),
    ("見本光学株式会社", "ミホンコウガク", "医療機器", 410, date(2026, 7, 1)),
)

ASSOCIATE = (
    ("見本大学看護学部", OrganisationKind.UNIVERSITY), ("見本医療大学", OrganisationKind.UNIVERSITY),
    ("見本工業大学", OrganisationKind.UNIVERSITY), ("見本総合病院", OrganisationKind.MEDICAL_PROVIDER),
    ("見本南クリニック", OrganisationKind.MEDICAL_PROVIDER), ("見本中央病院", OrganisationKind.MEDICAL_PROVIDER),
    ("見本訪問看護ステーション", OrganisationKind.MEDICAL_PROVIDER), ("見本北訪問看護ステーション", OrganisationKind.MEDICAL_PROVIDER),
    ("社会福祉法人見本会", OrganisationKind.OTHER), ("社会福祉法人見本園", OrganisationKind.OTHER),
    ("特定非営利活動法人見本ケアネット", OrganisationKind.OTHER), ("一般社団法人見本看護協議会", OrganisationKind.PROFESSIONAL_BODY),
    ("一般社団法人見本介護支援専門員会", OrganisationKind.PROFESSIONAL_BODY), ("公益財団法人見本産業財団", OrganisationKind.OTHER),
    ("見本市産業振興課", OrganisationKind.LOCAL_GOVERNMENT), ("見本区地域ケア推進課", OrganisationKind.LOCAL_GOVERNMENT),
    ("見本研究所", OrganisationKind.RESEARCH_INSTITUTE), ("見本福祉研究センター", OrganisationKind.RESEARCH_INSTITUTE),
    ("見本高等学校", OrganisationKind.SCHOOL), ("見本看護専門学校", OrganisationKind.SCHOOL),
    ("株式会社見本アソシエ", OrganisationKind.COMPANY), ("合同会社見本企画", OrganisationKind.COMPANY),
    ("見本デザイン事務所", OrganisationKind.OTHER), ("見本まちづくり協議会", OrganisationKind.OTHER),
)  # fmt: skip

FAMILY_NAMES = ("佐藤", "鈴木", "髙橋", "田中", "伊藤", "渡邉", "山本", "中村", "小林", "加藤", "𠮷田", "山﨑")


def office() -> None:
    """The issuer's data and the account to pay to, marked as an example."""
    settings.change("issuer.phone", "044-000-0000")
    settings.change("issuer.email", "office@example.jp")
    settings.change("issuer.representative", "代表　見本 太郎")
    bank_accounts.add(
        bank="見本銀行", branch="川崎支店", type=AccountType.ORDINARY, number="1234567",
        holder_kana="ミホン)カワサキケアデザインコンソ-シアム",
    )  # fmt: skip


def members(since: date, until: date) -> None:
    """The members who joined between two days, with their people, employee figures and numbers for life."""
    for i, (name, kana, industry, employees, joined_on) in enumerate(CORPORATE):
        if since <= joined_on <= until:
            organisation = _organisation(i, name, OrganisationKind.COMPANY, kana=kana, industry=industry)
            counted = date(joined_on.year, joined_on.month, 1)
            organisation.count_employees(employees, on=counted, source=CountSource.DECLARED)
            _people(i, organisation, joined_on)
            terms.admit(organisation, MemberClass.CORPORATE, on=joined_on)
    for i, (name, kind) in enumerate(ASSOCIATE, start=len(CORPORATE)):
        joined_on = date(2024, 11, 1) if i % 3 else date(2025, 6, 1)
        if since <= joined_on <= until:
            organisation = _organisation(i, name, kind)
            _people(i, organisation, joined_on)
            terms.admit(organisation, MemberClass.ASSOCIATE, on=joined_on)


def applications() -> None:
    """Two applications that wait for the office, one of them alike a member we have, and one returned with remarks."""
    wishes = (
        ("株式会社見本みまもり", "ミホンミマモリ", "情報通信", 42, MemberClass.CORPORATE),
        ("合同会社見本電機", "ミホンデンキ", "機械製造", 15, MemberClass.ASSOCIATE),
        ("株式会社見本リンク", "ミホンリンク", "情報通信", 101, MemberClass.CORPORATE),
    )
    for i, (name, kana, industry, employees, wanted) in enumerate(wishes):
        application = applying.apply(
            locale="ja", name=name, kana=kana, kind=OrganisationKind.COMPANY, member_class=wanted, employees=employees,
            employees_on=clock.today().replace(day=1), industry=industry, postal_code="210-0000",
            address=f"神奈川県川崎市川崎区見本町9-{i + 1}", phone=f"044-000-90{i:02d}", representative="見本 花子",
            contact_name=f"{FAMILY_NAMES[i]} 見本", contact_email=f"applicant{i}@example.jp",
        )  # fmt: skip
        application.confirm()
    remarks = {"employees_on": "基準日が今年度より前のため、直近の日付でお知らせください。"}
    application.give_back(remark="下記の点をご確認ください。", by="見本 事務", fields=remarks)
    letters.application_returned(application)


def _organisation(i: int, name: str, kind: OrganisationKind, **values: str) -> Organisation:
    organisation = organisations.adding(
        name, kind=kind, postal_code="210-0000", address=f"神奈川県川崎市川崎区見本町{i // 9 + 1}-{i % 9 + 1}", phone=f"044-000-{i:04d}",
        source="見本", is_example=True, **values,
    )  # fmt: skip
    db.session.flush()
    return organisation


def _people(i: int, organisation: Organisation, since: date) -> None:
    """A liaison for everyone; a billing contact of their own at every second one."""
    family = FAMILY_NAMES[i % len(FAMILY_NAMES)]
    liaison = people.adding(organisation, f"{family} 見本", email=f"liaison{i:02d}@example.jp", department="事業開発部")
    roles = [PersonRole.LIAISON, PersonRole.EVENTS] + ([PersonRole.BILLING] if i % 2 else [])
    for role in roles:
        liaison.takes(role, since)
    if not i % 2:
        clerk = people.adding(
            organisation,
            f"{FAMILY_NAMES[(i + 5) % len(FAMILY_NAMES)]} 会計",
            email=f"billing{i:02d}@example.jp",
            department="経理部",
        )
        clerk.takes(PersonRole.BILLING, since)
    db.session.flush()
