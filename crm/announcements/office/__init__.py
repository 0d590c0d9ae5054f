"""The office's pages about announcements: writing and sending them, segments, and the addresses that letters no longer reach."""

from __future__ import annotations

from crm.mail import resting_addresses
from crm.mail.resting_addresses import RestingAddress
from crm.web.audiences import office_area

area = office_area("announcements", __name__)


@area.app_template_global("rest_of")
def rest_of(email: str) -> RestingAddress | None:
    """The rest of an address, for pages of packages that do not know this one."""
    return resting_addresses.resting(email) if email else None


from crm.announcements.office import choosing, reaching, sending, writing  # noqa: E402, F401  (the views hang themselves on the area)
