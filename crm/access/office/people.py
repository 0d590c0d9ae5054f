"""Everyone with an account: inviting, roles, disabling, and help for whoever lost a device."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access import accounts, gates, second_factor, sessions, tokens, users
from crm.access.forms import InvitationForm, ReasonForm, UserForm
from crm.access.gates import requires
from crm.access.office import area
from crm.access.permissions import Permission, Role
from crm.access.users import User, UserState
from crm.db import db
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _
from crm.web.forms import done
from crm.web.listing import Column, Listing, choice_filter
from crm.web.templating import page


def _search(words: str) -> sa.ColumnElement[bool]:
    folded = users.email_key(words)
    return sa.or_(User.name.contains(words, autoescape=True), User.email_key.contains(folded, autoescape=True))


PEOPLE = Listing(
    name="users",
    title=_("Accounts"),
    columns=[
        Column("name", _("Name"), sort=User.name),
        Column("email", _("Mail address"), sort=User.email_key),
        Column("role", _("Role"), sort=User.role),
        Column("state", _("State"), kind="status", sort=User.state),
        Column("password_set_at", _("Password set"), kind="moment", sort=User.password_set_at),
    ],
    order=[User.state, User.name, User.id],
    search=_search,
    filters=[
        choice_filter("role", _("Role"), User.role, Role),
        choice_filter("state", _("State"), User.state, UserState),
    ],
)


@area.get("/")
@requires(Permission.ACCESS_READ)
def index() -> ResponseReturnValue:
    """All accounts."""
    listing = PEOPLE.of(sa.select(User), url=lambda user: url_for(".show", user_id=user.id))
    return listing.exit() or page("access/office/people.html", listing=listing)


@area.get("/roles")
@requires(Permission.ACCESS_READ)
def roles() -> ResponseReturnValue:
    """Which role may do what, drawn from the table the program itself obeys."""
    return page("access/office/roles.html", roles=list(Role), table=gates.roles_table())


@area.route("/invite", methods=["GET", "POST"])
@requires(Permission.ACCESS_MANAGE)
def invite() -> ResponseReturnValue:
    """Invite someone by letter."""
    form = InvitationForm()
    if form.is_sent and form.validate():
        with form.refusals(), act(Kind.USER_INVITED) as deed:
            deed.about = user = accounts.invite(**form.values())
            db.session.flush()
            return done(url_for(".show", user_id=user.id), _("The invitation is on its way."))
    return page("access/office/invite.html", form=form, status=422 if form.is_sent else 200)


@area.get("/<int:user_id>")
@requires(Permission.ACCESS_READ)
def show(user_id: int) -> ResponseReturnValue:
    """One account."""
    return _shown(_user(user_id))


@area.post("/<int:user_id>/edit")
@requires(Permission.ACCESS_MANAGE)
def save(user_id: int) -> ResponseReturnValue:
    """Correct name, role, language."""
    user, form = _user(user_id), UserForm()
    if form.validate():
        with form.refusals(), act(Kind.USER_CHANGED, about=user):
            form.check_version(user)
            user.change(**form.values())
            return done(url_for(".show", user_id=user_id), _("Saved."))
    return _shown(user, form, 422)


@area.post("/<int:user_id>/invite-again")
@requires(Permission.ACCESS_MANAGE)
def invite_again(user_id: int) -> ResponseReturnValue:
    """Send the invitation once more."""
    user = _user(user_id)
    with act(Kind.USER_INVITED, about=user):
        accounts.invite_again(user)
        return done(url_for(".show", user_id=user_id), _("The invitation is on its way."))


@area.post("/<int:user_id>/disable")
@requires(Permission.ACCESS_MANAGE)
def disable(user_id: int) -> ResponseReturnValue:
    """Close the account."""
    user = _user(user_id)
    with act(Kind.USER_DISABLED, about=user):
        accounts.disable(user, by=gates.signed_in_user())
        return done(url_for(".show", user_id=user_id), _("The account is disabled. All its sessions have ended."))


@area.post("/<int:user_id>/enable")
@requires(Permission.ACCESS_MANAGE)
def enable(user_id: int) -> ResponseReturnValue:
    """Open the account again."""
    user = _user(user_id)
    with act(Kind.USER_ENABLED, about=user):
        user.enable()
        return done(url_for(".show", user_id=user_id), _("The account is open again."))


@area.post("/<int:user_id>/end-sessions")
@requires(Permission.ACCESS_MANAGE)
def end_sessions(user_id: int) -> ResponseReturnValue:
    """Sign the person out everywhere."""
    user = _user(user_id)
    with act(Kind.SESSIONS_ENDED, about=user):
        sessions.end_all(user)
        return done(url_for(".show", user_id=user_id), _("All sessions have ended."))


@area.post("/<int:user_id>/remove-second-factors")
@requires(Permission.ACCESS_MANAGE)
def remove_second_factors(user_id: int) -> ResponseReturnValue:
    """For someone who lost their device and was recognised in person or by phone: the reason is kept."""
    user, form = _user(user_id), ReasonForm()
    if form.validate():
        with form.refusals(), act(Kind.SECOND_FACTOR_REMOVED, about=user, note=form.reason.data):
            accounts.remove_second_factors(user)
            return done(
                url_for(".show", user_id=user_id), _("The second factor was removed. The person was told by mail.")
            )
    return _shown(user, reason=form, status=422)


@area.post("/<int:user_id>/tokens/<int:token_id>/revoke")
@requires(Permission.ACCESS_MANAGE)
def revoke_token(user_id: int, token_id: int) -> ResponseReturnValue:
    """End someone's API token."""
    user = _user(user_id)
    with act(Kind.TOKEN_REVOKED, about=user):
        tokens.own(user, token_id).revoke()
        return done(url_for(".show", user_id=user_id), _("The token was revoked."))


def _shown(
    user: User, form: UserForm | None = None, status: int = 200, reason: ReasonForm | None = None
) -> ResponseReturnValue:
    entries = timeline.of(user)
    return page(
        "access/office/person.html", status=status, user=user, form=form or UserForm.of(user), reason=reason or ReasonForm(formdata=None),
        has_factor=second_factor.has_one(user), sign_ins=sessions.of(user), tokens=tokens.of(user),
        entries=entries, names=users.actor_names(e.actor for e in entries),
        revoke_url=lambda token: url_for(".revoke_token", user_id=user.id, token_id=token.id),
    )  # fmt: skip


def _user(user_id: int) -> User:
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound
    return user
