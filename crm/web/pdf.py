"""Handing out a PDF: to look at in the browser, or with ``?download`` as a file, under its own name (RFC 6266)."""

from __future__ import annotations

from flask import Response, request

# A browser's own PDF viewer runs inside the answer: it needs its style and its plug-in, and gets nothing else.
VIEWER_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def pdf_answer(content: bytes, name: str) -> Response:
    """The bytes as an answer nobody else may keep; ``name`` is the file's name."""
    response = Response(content, content_type="application/pdf")
    disposition = "attachment" if "download" in request.args else "inline"
    response.headers.set("Content-Disposition", disposition, filename=name)
    response.headers["Content-Security-Policy"] = VIEWER_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response
