"""Files and answers as the National Tax Agency gives them, and a register of our own to ask."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from crm.values.japanese import check_digit


def a_number(base: int) -> str:
    """A corporate number with the right check digit."""
    return f"{check_digit(f'{base:012d}')}{base:012d}"


def a_row(number: str, name: str, **values: str) -> list[str]:
    """The 30 cells of a number."""
    said = {
        "process": "01", "update": "2026-05-01", "change": "2026-04-20", "image": "", "kind": "301", "prefecture": "神奈川県",
        "city": "川崎市川崎区", "street": "殿町３丁目２５番１４号", "post": "2100821", "close": "", "cause": "", "successor": "",
        "latest": "1", "kana": "",
    } | values  # fmt: skip
    return [
        "1", number, said["process"], "0", said["update"], said["change"], name, said["image"], said["kind"], said["prefecture"],
        said["city"], said["street"], "", "14", "131", said["post"], "", "", said["close"], said["cause"], said["successor"], "",
        "2015-10-05", said["latest"], "", "", "", "", said["kana"], "0",
    ]  # fmt: skip


def as_csv(*rows: list[str], encoding: str = "cp932") -> bytes:
    """A file of these rows."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode(encoding)


class Questions(list[dict[str, list[str]]]):
    """What the register was asked, and where it stands."""

    address = ""


@contextmanager
def a_register(*rows: list[str], status: int = 200) -> Iterator[Questions]:
    """A register on this machine that knows these rows."""
    asked = Questions()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            question = parse_qs(urlsplit(self.path).query)
            asked.append({"path": [urlsplit(self.path).path], **question})
            numbers = question.get("number", [""])[0].split(",")
            name = question.get("name", [""])[0]
            found = [row for row in rows if row[1] in numbers or (name and name in row[6])]
            body = as_csv(["2026-05-01", str(len(found)), "1", "1"], *found, encoding="utf-8")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    asked.address = f"http://127.0.0.1:{server.server_address[1]}/4"
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
