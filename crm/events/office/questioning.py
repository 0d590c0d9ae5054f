"""The form an event's visitors fill in: adding, changing, ordering and removing its own questions."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.events import forms, questions
from crm.events.events import Event
from crm.events.office import area
from crm.events.office.finding import event_or_404, question_or_404
from crm.events.questions import Question, QuestionKind
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _
from crm.web.forms import Form, done
from crm.web.templating import page


@area.get("/<int:event_id>/questions")
@requires(Permission.EVENTS_READ)
def asked(event_id: int) -> ResponseReturnValue:
    """The questions in their order, and the form for another."""
    return _form_page(event_or_404(event_id), None, forms.QuestionForm(kind=QuestionKind.LINE))


@area.post("/<int:event_id>/questions")
@requires(Permission.EVENTS_EDIT)
def add_question(event_id: int) -> ResponseReturnValue:
    """Ask another question."""
    event, form = event_or_404(event_id), forms.QuestionForm()
    if form.validate():
        with form.refusals(), act(Kind.EVENT_QUESTIONS_CHANGED, about=event):
            values = form.values()
            questions.adding(event, values.pop("kind"), values.pop("text"), **values)
            return done(url_for(".asked", event_id=event.id), _("The question was added."))
    return _form_page(event, None, form, 422)


@area.get("/<int:event_id>/questions/<int:question_id>/edit")
@requires(Permission.EVENTS_EDIT)
def edit_question(event_id: int, question_id: int) -> ResponseReturnValue:
    """The form that changes a question."""
    event = event_or_404(event_id)
    question = question_or_404(event, question_id)
    return _form_page(event, question, forms.QuestionForm.of_question(question))


@area.post("/<int:event_id>/questions/<int:question_id>/edit")
@requires(Permission.EVENTS_EDIT)
def save_question(event_id: int, question_id: int) -> ResponseReturnValue:
    """Change a question. Answers given before keep the question as it was asked."""
    event, form = event_or_404(event_id), forms.QuestionForm()
    question = question_or_404(event, question_id)
    if form.validate():
        with form.refusals(), act(Kind.EVENT_QUESTIONS_CHANGED, about=event):
            form.check_version(question)
            question.change(**form.values())
            return done(url_for(".asked", event_id=event.id), _("Saved."))
    return _form_page(event, question, form, 422)


@area.post("/<int:event_id>/questions/<int:question_id>/up")
@requires(Permission.EVENTS_EDIT)
def question_up(event_id: int, question_id: int) -> ResponseReturnValue:
    """Ask it earlier."""
    return _moved(event_id, question_id, -1)


@area.post("/<int:event_id>/questions/<int:question_id>/down")
@requires(Permission.EVENTS_EDIT)
def question_down(event_id: int, question_id: int) -> ResponseReturnValue:
    """Ask it later."""
    return _moved(event_id, question_id, 1)


@area.post("/<int:event_id>/questions/<int:question_id>/remove")
@requires(Permission.EVENTS_EDIT)
def remove_question(event_id: int, question_id: int) -> ResponseReturnValue:
    """Ask it no more."""
    event = event_or_404(event_id)
    question = question_or_404(event, question_id)
    with act(Kind.EVENT_QUESTIONS_CHANGED, about=event):
        questions.remove(question)
        return done(
            url_for(".asked", event_id=event.id), _("The question was removed. Answers already given are kept.")
        )


def _moved(event_id: int, question_id: int, by: int) -> ResponseReturnValue:
    event = event_or_404(event_id)
    question = question_or_404(event, question_id)
    with act(Kind.EVENT_QUESTIONS_CHANGED, about=event):
        questions.move(question, by)
        return done(url_for(".asked", event_id=event.id))


def _form_page(event: Event, question: Question | None, form: Form, status: int = 200) -> ResponseReturnValue:
    return page("events/office/questions.html", status, event=event, question=question, form=form)
