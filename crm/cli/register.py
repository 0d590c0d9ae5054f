"""crm register: corporate numbers compared with the tax agency's register, by its Web-API or a downloaded file of any size."""

from __future__ import annotations

from pathlib import Path

import click

from crm.cli.answering import Answer, command, nothing_to_do, refused
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import register_checks
from crm.organisations.register import Comparison


@command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def read(file: Path) -> Answer:
    """Compare our organisations with a file of the register (CSV or zip); our records stay as they are."""
    try:
        with file.open("rb") as stream, act(Kind.REGISTER_COMPARED, note=file.name):
            answer = register_checks.read_file(stream, file.name)
            if not (answer.found or answer.proposed):
                raise nothing_to_do(**answer.as_json())
            return answer.as_json()
    except Refused as refusal:
        raise refused(refusal, **Comparison().as_json()) from refusal


@command()
@click.option("--limit", type=click.IntRange(1), default=register_checks.AT_A_TIME, help="How many numbers at most.")
def check(limit: int) -> Answer:
    """Ask the Web-API about the numbers that were not compared for longest."""
    asked = register_checks.longest_ago(limit)
    if not asked:
        raise nothing_to_do(**Comparison().as_json())
    try:
        rows = register_checks.ask(asked)
    except Refused as refusal:
        raise refused(refusal, **Comparison().as_json()) from refusal
    with act(Kind.REGISTER_COMPARED):
        return register_checks.keep_answer(rows, asked).as_json()


register = click.Group("register", commands=[read, check], help="Corporate numbers compared with the register.")
COMMANDS = [register]
