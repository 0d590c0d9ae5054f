"""Everything that happens without a person asking, on one page.

The database is the truth, the queue is an alarm clock. What is to be done are rows with a state and a due time, written in
the act that decided them; the timetable below only says how often somebody looks. So nothing is missed when the worker was
away, and what huey remembers may be lost at any moment. Each item is an act of its own: one that fails is logged, rests for a
while and stops nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import Flask
from huey import MemoryHuey, crontab

from crm import clock
from crm.access import mailed_links, passkey_sign_in, sessions, throttle
from crm.announcements import announcements, sending
from crm.announcements.announcements import Announcement
from crm.billing import issuing, runs
from crm.db import Model, db
from crm.documents import issued
from crm.errors import Busy
from crm.events import waitlist
from crm.events.events import EventSession
from crm.history import commands
from crm.history.kinds import Kind
from crm.history.recording import WORKER, act, acting_as, housekeeping
from crm.home import letters as home_letters
from crm.mail import collecting, delivery, resting
from crm.members import applications, certifying, drafts, renewing
from crm.members import letters as member_letters
from crm.members.applications import Application
from crm.members.certifying import CertificateRun, CertifyingState
from crm.organisations import portal_access
from crm.organisations.people import Person
from crm.settings import settings, wordings
from crm.values.fiscal_year import FiscalYear

log = logging.getLogger("crm.worker")

LOOKS_EVERY = 3  # seconds
MORNING = 6  # o'clock in Tokyo
RESTS = timedelta(minutes=5)  # after a failure, before an item is tried again
ROUND_RESTS = timedelta(seconds=30)  # a whole round broke down: the database is away, the schema is old
COMMANDS_KEPT = timedelta(days=30)
LETTERS_AT_A_TIME = 50

Item = TypeVar("Item", bound=Hashable)


# --- the timetable: every few seconds, every morning, every hour


def draw_papers() -> int:
    """Draw the papers that were issued. What cannot be drawn is marked and waits for a person."""
    return each([(type(thing), thing.id) for thing in issued.undrawn()], _draw)


def continue_annual_runs() -> int:
    """Bill the next members of a yearly run that was interrupted or is under way."""
    return each([run.id for run in db.session.scalars(runs.unfinished())], _continue_run)


def expire_offers() -> int:
    """Take back seats offered to the waiting list in vain, and offer them to the next."""
    return each(waitlist.due_offers(clock.now()), _expire_offers)


def send_letters() -> int:
    """Send the letters that are due."""
    return delivery.deliver_once(most=LETTERS_AT_A_TIME).tried


def begin_announcements() -> int:
    """Fix the recipients of announcements whose time has come."""
    return each(db.session.scalars(announcements.due(clock.now())).all(), _begin_announcement)


def post_announcements() -> int:
    """Post the next letters of announcements that are under way."""
    return each(db.session.scalars(announcements.under_way()).all(), _post_announcement)


def read_bounces() -> int:
    """Read the reports of letters that came back from their mailbox, if the operator named one."""
    return collecting.collect().read


def let_addresses_rest() -> int:
    """Stop writing to addresses that three letters in a row could not reach; the office is told."""
    return each(resting.due(), _let_rest)


def send_record_head() -> int:
    """From six in the morning on, mail the head of the record to the auditor, once a day."""
    if clock.now().astimezone(clock.TOKYO).hour < MORNING:
        return 0
    return each(home_letters.auditor_without_head(), _send_record_head)


def remind_of_terms() -> int:
    """In April, once: tell the office when terms of the year that began are not made."""
    return each(renewing.to_remind_of(), _remind_of_terms)


def forget() -> int:
    """Forget sign-ins, mailed links and counted attempts that are over, and forms long closed."""
    now = clock.now()
    with housekeeping() as session:
        commands.prune(session, now - COMMANDS_KEPT)
        for prune in (sessions.prune, throttle.prune, mailed_links.prune, passkey_sign_in.prune, drafts.prune):
            prune(now)
    return 0


def close_accounts_of_those_who_left() -> int:
    """Close the accounts of members' people whose day of leaving has come; the portal's door is shut to them already."""
    return each(
        [person.id for person in db.session.scalars(portal_access.of_those_who_left(clock.today()))], _close_account
    )


def let_unconfirmed_applications_lapse() -> int:
    """Forget what was written in applications whose mail address nobody confirmed: they were never received."""
    return each([one.id for one in db.session.scalars(applications.overdue(clock.now()))], _let_lapse)


def note_texts() -> int:
    """Note the wording of the texts people agree to where the program brought another: each version has its number and day."""
    return each(wordings.unnoted(settings.stored()), _note_text)


def issue_certificates() -> int:
    """Issue the next certificates of a year's run."""
    issuing_ = certifying.unfinished().where(CertificateRun.state == CertifyingState.ISSUING)
    return each([run.id for run in db.session.scalars(issuing_)], _certify)


def gather_certificates() -> int:
    """Gather a year's certificates, once they are drawn, into a ZIP and one PDF to print."""
    return each(certifying.to_gather(), _gather)


EVERY_FEW_SECONDS: tuple[Callable[[], int], ...] = (
    draw_papers,
    continue_annual_runs,
    issue_certificates,
    gather_certificates,
    expire_offers,
    begin_announcements,
    post_announcements,
)
EVERY_FEW_SECONDS_TOO: tuple[Callable[[], int], ...] = (
    send_letters,
)  # apart: a slow mail server holds nothing else up
EVERY_MINUTE: tuple[Callable[[], int], ...] = (send_record_head, read_bounces, let_addresses_rest)
EVERY_HOUR: tuple[Callable[[], int], ...] = (
    forget,
    close_accounts_of_those_who_left,
    remind_of_terms,
    let_unconfirmed_applications_lapse,
    note_texts,
)


# --- one item, one act


def _draw(thing: tuple[type[Model], int]) -> None:
    kind, thing_id = thing
    row: Any = db.session.get_one(kind, thing_id)
    try:
        drawn = issued.render(row)
    except Exception as error:  # the same facts would fail the same way again
        log.exception("%s %s cannot be drawn", kind.__tablename__, thing_id)
        with act(Kind.PAPER_DRAWN, about=row):
            issued.give_up(row, f"{type(error).__name__}: {error}")
        return
    with act(Kind.PAPER_DRAWN, about=row):
        issued.attach(row, drawn)


def _continue_run(run_id: int) -> None:
    with act(Kind.ANNUAL_INVOICES_ISSUED) as deed:
        deed.about = db.session.get_one(runs.AnnualRun, run_id)
        issuing.work_off(run_id)


def _certify(run_id: int) -> None:
    with act(Kind.CERTIFICATES_ISSUED) as deed:
        deed.about = db.session.get_one(CertificateRun, run_id)
        certifying.work_off(run_id)


def _gather(run_id: int) -> None:
    run = db.session.get_one(CertificateRun, run_id)
    made = certifying.gather(run)
    with act(Kind.CERTIFICATES_GATHERED, about=run):
        certifying.end(run, made)


def _expire_offers(session_id: int) -> None:
    with act(Kind.OFFERS_EXPIRED) as deed:
        deed.about = db.session.get_one(EventSession, session_id)
        waitlist.expire(session_id)


def _begin_announcement(announcement_id: int) -> None:
    with act(Kind.ANNOUNCEMENT_BEGUN) as deed:
        deed.about = announcement = db.session.get_one(Announcement, announcement_id, with_for_update=True)
        sending.begin(announcement)


def _post_announcement(announcement_id: int) -> None:
    with act(Kind.ANNOUNCEMENT_POSTED) as deed:
        deed.about = announcement = db.session.get_one(Announcement, announcement_id, with_for_update=True)
        sending.post_next(announcement)


def _let_rest(email: str) -> None:
    with act(Kind.ADDRESS_RESTED) as deed:
        deed.about = resting.rest(email)


def _close_account(person_id: int) -> None:
    with act(Kind.USER_DISABLED) as deed:
        deed.about = person = db.session.get_one(Person, person_id)
        portal_access.end(person)


def _let_lapse(application_id: int) -> None:
    with act(Kind.APPLICATION_LAPSED) as deed:
        deed.about = application = db.session.get_one(Application, application_id)
        application.lapse()


def _note_text(key: str) -> None:
    with act(Kind.TEXTS_NOTED, note=key):
        wordings.note(key, settings.stored()[key])


def _remind_of_terms(reminder: tuple[FiscalYear, str]) -> None:
    with act(Kind.TERMS_REMINDED) as deed:
        deed.about = member_letters.terms_missing(*reminder)


def _send_record_head(email: str) -> None:
    with act(Kind.RECORD_HEAD_SENT) as deed:
        deed.about = home_letters.record_head(email)


# --- how it is carried out


_resting: dict[tuple[str, Hashable], datetime] = {}
_stopping = threading.Event()


def each(items: Iterable[Item], do: Callable[[Item], None]) -> int:
    """Do something for each item, each for itself; answers for how many it succeeded."""
    done = 0
    for item in items:
        place = (do.__name__, item)
        if _stopping.is_set() or _resting.get(place, clock.now()) > clock.now():
            continue
        try:
            do(item)
        except Busy:
            log.info("%s %s: the database is busy, it waits for the next look", *place)
        except Exception:
            log.exception("%s %s failed", *place)
            _resting[place] = clock.now() + RESTS
        else:
            _resting.pop(place, None)
            done += 1
        finally:
            db.session.rollback()
    return done


def carry_out(rounds: Iterable[Callable[[], int]]) -> int:
    """Each of the rounds once; one that breaks down does not hold up the next. Answers how much was done."""
    done = 0
    for round_ in rounds:
        place = ("round", round_.__name__)
        if _resting.get(place, clock.now()) > clock.now():
            continue
        try:
            done += round_()
        except Busy:
            log.info("%s: the database is busy", round_.__name__)
        except Exception:
            log.exception("%s broke down", round_.__name__)
            _resting[place] = clock.now() + ROUND_RESTS
        finally:
            db.session.rollback()
    return done


def run_once() -> int:
    """Do what is due until nothing is due, inside the caller's application context; answers how much was done."""
    _resting.clear()
    done = 0
    with acting_as(WORKER):
        carry_out(EVERY_HOUR)
        while now_done := carry_out((*EVERY_MINUTE, *EVERY_FEW_SECONDS, *EVERY_FEW_SECONDS_TOO)):
            done += now_done
    return done


def run_forever(app: Flask) -> None:
    """Look, again and again, until SIGTERM; what is being done is finished first."""
    consumer = _alarm_clock(app).create_consumer(
        workers=2, initial_delay=0.2, max_delay=1.0, graceful_signal="TERM", shutdown_timeout=50
    )
    global _stopping
    _stopping = consumer.stop_flag
    consumer.run()


def _alarm_clock(app: Flask) -> MemoryHuey:
    """huey with the timetable, in memory: it holds nothing that matters, and rings on when the disk is full."""
    huey = MemoryHuey("crm", results=False)
    for name, rounds in (("look", EVERY_FEW_SECONDS), ("post", EVERY_FEW_SECONDS_TOO)):
        _again_and_again(huey, app, name, rounds)

    @huey.periodic_task(crontab(minute="*"))
    def every_minute() -> None:
        with _working(app):
            carry_out(EVERY_MINUTE)

    @huey.periodic_task(crontab(minute="0"))
    def every_hour() -> None:
        with _working(app):
            carry_out(EVERY_HOUR)

    return huey


def _again_and_again(huey: MemoryHuey, app: Flask, name: str, rounds: tuple[Callable[[], int], ...]) -> None:
    """A task that sets its own alarm anew, at once while there is more to do."""

    def look() -> None:
        done = 0
        try:
            with _working(app):
                done = carry_out(rounds)
        finally:
            task.schedule(delay=0 if done else LOOKS_EVERY)

    task = huey.task(name=name)(look)
    task()


@contextmanager
def _working(app: Flask) -> Iterator[None]:
    with app.app_context(), acting_as(WORKER):
        yield
