"""Schools in the office: programs with their head counts, and the schools themselves."""

from __future__ import annotations

import sqlalchemy as sa
from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.schools import programs, schools
from crm.schools.programs import Program
from crm.schools.schools import School, SchoolKind
from crm.text import _
from crm.web.audiences import office_area
from crm.web.listing import Column, Listing, choice_filter
from crm.web.templating import page

area = office_area("schools", __name__)

PROGRAMS = Listing(
    name="school-programs",
    title=_("School programs"),
    columns=[
        Column("school", _("School"), value="school.name", sort=School.name),
        Column("course", _("Course"), sort=Program.course),
        Column("grade", _("Grade"), sort=Program.grade),
        Column("pupils", _("Pupils"), kind="number", sort=Program.pupils),
        Column("content", _("What is done")),
        Column("sessions", _("Sessions held"), kind="number", sort=Program.sessions),
        Column("source", _("Source")),
    ],
    order=[Program.id],
    search=programs.named_like,
    filters=[choice_filter("kind", _("Kind of school"), School.kind, SchoolKind)],
)


SCHOOLS = Listing(
    name="schools",
    title=_("Schools"),
    columns=[
        Column("name", _("School"), value=lambda row: row[0].name, sort=School.name),
        Column("kind", _("Kind of school"), value=lambda row: row[0].kind, sort=School.kind),
        Column("programs", _("Programs"), value=lambda row: row[1], kind="number"),
        Column("source", _("Source"), value=lambda row: row[0].source),
    ],
    order=[School.id],
    search=schools.named_like,
    filters=[choice_filter("kind", _("Kind of school"), School.kind, SchoolKind)],
)


@area.get("/")
@requires(Permission.SCHOOLS_READ)
def index() -> ResponseReturnValue:
    """Every program with its school."""
    listing = PROGRAMS.of(programs.all_programs())
    return listing.exit() or page("schools/office/index.html", listing=listing, here="programs")


@area.get("/schools")
@requires(Permission.SCHOOLS_READ)
def all_schools() -> ResponseReturnValue:
    """Every school with how many programs it has."""
    held = sa.select(sa.func.count(Program.id)).where(Program.school_id == School.id).scalar_subquery()
    listing = SCHOOLS.of(sa.select(School, held.label("programs")))
    return listing.exit() or page("schools/office/index.html", listing=listing, here="schools")
