"""The office's pages about accounts: who may sign in, as what; which role may do what."""

from __future__ import annotations

from crm.web.audiences import office_area

area = office_area("access", __name__)

from crm.access.office import people  # noqa: E402, F401  (the views hang themselves on the area)
