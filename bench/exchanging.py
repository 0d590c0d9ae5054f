"""Lists in and out: importing a workbook of 10,000 rows among 100,000 organisations, exporting them all, and the memory it takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import crowded
from bench.figures import Figure
from bench.listing import ORGANISATIONS, signed_in
from bench.places import SECRET, Place
from crm.exchange import writing

KNOWN, ROWS = 100_000, 10_000
IMPORT, EXPORT, MEMORY = 5.0, 2.0, 300.0
HEADINGS = (
    "団体名",
    "団体名カナ",
    "法人番号",
    "種別",
    "業種",
    "社員数",
    "社員数基準日",
    "郵便番号",
    "住所",
    "電話",
    "担当者名",
    "担当者メール",
)
HOW_IMPORT = (
    "`crm import organisations FILE` from its start to its end, the program's own start among it: 10,000 rows of twelve columns, of "
    "which 9,500 are new with a person each, 400 are known by their number, 100 look like someone known and are held"
)
EXPORTS = {"CSV": ("?format=csv", 1), "JSON": ("?format=json", 1), "XLSX": ("?format=xlsx&kind=university", 8)}
HOW_EXPORT = (
    "GET ?format=… of the list (six columns), signed in, until the last byte; the workbook holds one kind of the eight"
)
HOW_MEMORY = "the most the process ever held (ru_maxrss, VmHWM)"


def exchange(place: Place, *, quick: bool) -> Iterator[Figure]:
    """Seconds and MiB of an import, and of an export in each form."""
    known = KNOWN // 10 if quick else KNOWN
    cookies = signed_in(place)
    crowded.fill(place, 0, known)
    for form, (question, part) in EXPORTS.items():
        with place.server() as server, server.caller(cookies=cookies) as caller:
            caller.get(ORGANISATIONS)
            began = time.perf_counter()
            answer = caller.get(f"{ORGANISATIONS}{question}")
            taken = time.perf_counter() - began
            if answer.status != 200:
                raise RuntimeError(f"the export was answered with {answer.status}")
            memory = max(_most_held(pid) for pid in server.workers())
        yield Figure(
            f"export of {known // part:,} as {form}",
            place.engine,
            taken,
            "s",
            EXPORT,
            less_is_better=True,
            how=HOW_EXPORT,
        )
        yield Figure("  memory", place.engine, memory, "MiB", MEMORY, less_is_better=True, how=HOW_MEMORY)
    seconds, memory = _imported(place, known)
    yield Figure(f"import of {ROWS:,} rows", place.engine, seconds, "s", IMPORT, less_is_better=True, how=HOW_IMPORT)
    yield Figure("  memory", place.engine, memory, "MiB", MEMORY, less_is_better=True, how=HOW_MEMORY)


def _imported(place: Place, known: int) -> tuple[float, float]:
    """The seconds `crm import` takes, and the MiB it held at most."""
    file = place.data_dir / "list.xlsx"
    file.write_bytes(writing.xlsx_bytes("団体", HEADINGS, [_row(number, known) for number in range(ROWS)]))
    environment = {
        **os.environ, "CRM_DATABASE_URL": place.database_url, "CRM_DATA_DIR": str(place.data_dir), "CRM_SECRET_KEY": SECRET,
    }  # fmt: skip
    began = time.perf_counter()
    command = [sys.executable, "-c", "from crm.cli import main; main()", "import", "organisations", str(file), "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(process.pid, 0)
    taken = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"the import ended with {process.returncode}")
    return taken, used.ru_maxrss / 1024


def _row(number: int, known: int) -> tuple[object, ...]:
    if number % 25 == 0:
        name, kana = crowded.company(number % known)
        corporate_number = crowded.corporate_number(number % known)
    elif number % 100 == 1:
        name, kana = crowded.company(number % known)
        name, corporate_number = name.replace("株式会社", "") + "合同会社", ""
    else:
        name, kana = crowded.company(number)
        name, kana, corporate_number = f"{name}取込", f"{kana}トリコミ", crowded.corporate_number(number + KNOWN)
    person, _reading, email = crowded.someone(number)
    return (
        name, kana, corporate_number, "企業", "情報通信", number % 300, "2026-04-01", "210-0821", f"神奈川県川崎市川崎区殿町{number}-1",
        "044-123-4567", person, email,
    )  # fmt: skip


def _most_held(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
