"""The office's edge of what looks across everything: its front page here; letters and papers are areas of their own."""

from __future__ import annotations

from crm.web.audiences import office_area

area = office_area("home", __name__, prefix="")
