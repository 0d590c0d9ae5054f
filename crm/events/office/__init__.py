"""The office's pages about events: arranging them, their forms, their lists, and who came."""

from __future__ import annotations

from crm.web.audiences import office_area

area = office_area("events", __name__)

from crm.events.office import attending, gatherings, listed, questioning, sittings  # noqa: E402, F401
