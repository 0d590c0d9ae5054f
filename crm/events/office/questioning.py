"""The form an event's visitors fill in: adding, changing, ordering and removing its own questions."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.events import forms, questions
from crm.events.events import Event
from crm.events.office import area
from crm.events.office.finding import event_or_404, question_or_404
from crm.events.office.parts import Parts
from crm.events.questions import Question, QuestionKind
from crm.history.kinds import Kind
from crm.text import _
from crm.web.forms import Form
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
    return QUESTIONS.add(event_id, _added, _("The question was added."))


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
    return QUESTIONS.save(event_id, question_id, lambda question, values: question.change(**values))


@area.post("/<int:event_id>/questions/<int:question_id>/up")
@requires(Permission.EVENTS_EDIT)
def question_up(event_id: int, question_id: int) -> ResponseReturnValue:
    """Ask it earlier."""
    return QUESTIONS.press(event_id, question_id, lambda question: questions.move(question, -1))


@area.post("/<int:event_id>/questions/<int:question_id>/down")
@requires(Permission.EVENTS_EDIT)
def question_down(event_id: int, question_id: int) -> ResponseReturnValue:
    """Ask it later."""
    return QUESTIONS.press(event_id, question_id, lambda question: questions.move(question, 1))


@area.post("/<int:event_id>/questions/<int:question_id>/remove")
@requires(Permission.EVENTS_EDIT)
def remove_question(event_id: int, question_id: int) -> ResponseReturnValue:
    """Ask it no more."""
    said = _("The question was removed. Answers already given are kept.")
    return QUESTIONS.press(event_id, question_id, questions.remove, said)


def _added(event: Event, values: dict[str, Any]) -> None:
    questions.adding(event, values.pop("kind"), values.pop("text"), **values)


def _form_page(event: Event, question: Question | None, form: Form, status: int = 200) -> ResponseReturnValue:
    return page("events/office/questions.html", status, event=event, question=question, form=form)


QUESTIONS = Parts(forms.QuestionForm, question_or_404, _form_page, ".asked", Kind.EVENT_QUESTIONS_CHANGED)
