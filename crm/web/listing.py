"""One list, declared once — columns, search, filters, order — with four exits: the page, CSV, XLSX and JSON.

A list costs the same number of queries however many rows it has: one to count, one for the page (the select brings its own
eager loading).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Protocol

import sqlalchemy as sa
from flask import Response, request, url_for
from werkzeug.exceptions import BadRequest

from crm import clock, text
from crm.db import db
from crm.exchange import writing
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen

PER_PAGE = 50
EXPORT_LIMIT = 100_000
EXPORT_BATCH = 2_000
EXITS = ("csv", "xlsx", "json")


@dataclass(frozen=True)
class Column:
    """One column: ``value`` is an attribute path or a function of the row; ``sort`` what the database orders by."""

    key: str
    label: Any
    value: str | Callable[[Any], Any] = ""
    kind: str = "text"
    sort: Any = None
    url: Callable[[Any], str | None] | None = None

    def of(self, row: Any) -> Any:
        """The column's value for a row."""
        if callable(self.value):
            return self.value(row)
        found = row
        for part in (self.value or self.key).split("."):
            found = None if found is None else getattr(found, part)
        return found


@dataclass(frozen=True)
class Filter:
    """A choice above the list. ``apply`` narrows the select; ``options`` are (value, label)."""

    name: str
    label: Any
    options: Callable[[], Iterable[tuple[str, Any]]]
    apply: Callable[[sa.Select[Any], str], sa.Select[Any]]
    default: str = ""


def choice_filter(name: str, label: Any, column: Any, members: type[Enum], *, without: Sequence[Enum] = ()) -> Filter:
    """A filter over a state or kind, ``without`` those that the list never shows."""
    return Filter(
        name,
        label,
        lambda: [(m.value, text.label(m)) for m in members if m not in without],
        lambda select, value: select.where(column == members(value)),
    )


@dataclass(frozen=True)
class Shown:
    """A column of the page at hand, with the address that sorts by it."""

    key: str
    label: str
    kind: str
    sort_url: str | None
    sorted: str | None


@dataclass(frozen=True)
class Row:
    """One row of the page: its cells in the order of the columns."""

    cells: list[Any]
    urls: list[str | None]
    url: str | None
    item: Any


@dataclass(frozen=True)
class FilterShown:
    """A filter as the page shows it."""

    name: str
    label: str
    options: list[tuple[str, str]]
    value: str


class Searched(Protocol):
    """What a search by an index answers: the condition for a page in order. Many rows are not counted beyond ``most``.

    Of many, ``some`` are a few more than that, of which it is tried first whether they are all in the list; ``counting`` are all.
    """

    @property
    def condition(self) -> sa.ColumnElement[bool]: ...
    @property
    def counting(self) -> sa.ColumnElement[bool]: ...
    @property
    def some(self) -> sa.ColumnElement[bool] | None: ...
    @property
    def most(self) -> int: ...


@dataclass
class Listing:
    """The declaration. ``search`` turns the typed words into a condition, or what an index found; ``order`` is the default order."""

    name: str
    columns: Sequence[Column]
    order: Sequence[Any]
    search: Callable[[str], Any] | None = None
    filters: Sequence[Filter] = field(default_factory=tuple)
    per_page: int = PER_PAGE
    title: Any = ""

    def of(self, select: sa.Select[Any], *, url: Callable[[Any], str | None] | None = None) -> ListPage:
        """The list as this request asks for it. A wrong page or filter value answers 400."""
        return ListPage(self, select, url)


class ListPage:
    """A list as one request asks for it: what templates print and what the exits write."""

    def __init__(self, listing: Listing, select: sa.Select[Any], url: Callable[[Any], str | None] | None) -> None:
        self._listing, self._url = listing, url
        self.name, self.title = listing.name, str(listing.title)
        self.search = request.args.get("q", "").strip()[:200]
        self.searchable = listing.search is not None
        self.filters = [self._shown_filter(f) for f in listing.filters]
        self.is_filtered = bool(
            self.search or any(f.value != d.default for f, d in zip(self.filters, listing.filters, strict=True))
        )
        self._search: Searched | None = None
        narrowed = self._narrowed(select)
        self._select = self._ordered(narrowed if self._search is None else narrowed.where(self._search.condition))
        self._narrow = narrowed
        self.total_is_least = False
        self._read: list[Any] = []  # the first page and one row more
        self.total = self._count()
        self.pages = max(1, -(-self.total // listing.per_page))
        self.page = min(_page_number(), self.pages)
        self.first = 0 if not self.total else (self.page - 1) * listing.per_page + 1
        self.last = min(self.page * listing.per_page, self.total)
        self.columns = [self._shown_column(c) for c in listing.columns]
        self.previous_url = self._here(page=self.page - 1) if self.page > 1 else None
        self.next_url = self._here(page=self.page + 1) if self.page < self.pages else None
        self.export_urls = {exit_: self._here(format=exit_, page=None) for exit_ in EXITS}
        self.clear_url = self.action_url = request.path

    @property
    def rows(self) -> list[Row]:
        """The rows of this page."""
        if not hasattr(self, "_rows"):
            per_page = self._listing.per_page
            read = (
                self._read
                if self.page == 1
                else _items(self._select.limit(per_page).offset((self.page - 1) * per_page))
            )
            self._rows = [self._row(item) for item in read[:per_page]]
        return self._rows

    def _count(self) -> int:
        """How many rows there are; when the first page holds them all, reading it has told, and nothing is counted.

        Beyond what is exported, or a search counts, nobody needs the exact number: it would cost more than the page itself.
        """
        self._read = list(_items(self._select.limit(self._listing.per_page + 1)))
        if len(self._read) <= self._listing.per_page:
            return len(self._read)
        search, most, total = self._search, EXPORT_LIMIT, 0
        counted = [self._select]
        if search is not None and search.some is not None:
            most, counted = search.most, [self._narrow.where(search.some), self._narrow.where(search.counting)]
        for select in counted:
            if total <= most:
                total = _number(select.limit(most + 1))
        self.total_is_least = total > most
        return min(total, most)

    def exit(self) -> Response | None:
        """The list as CSV, XLSX or JSON when the address asks for it, else ``None``."""
        wanted = request.args.get("format")
        if wanted not in EXITS:
            return None
        headings = [str(c.label) for c in self._listing.columns]
        rows = self._exported()
        file = f"{self.name}-{clock.today():%Y%m%d}.{wanted}"
        if wanted == "json":
            keys = [c.key for c in self._listing.columns]
            return _attached(
                writing.json_rows(keys, ([_plain(value) for value in row] for row in rows)), "application/json", file
            )
        if wanted == "csv":
            encoding = "cp932" if request.args.get("encoding") == "cp932" else "utf-8-sig"
            body = writing.csv_bytes(headings, _all_worded(rows), encoding=encoding)
            return _attached(body, f"text/csv; charset={'shift_jis' if encoding == 'cp932' else 'utf-8'}", file)
        kinds = [c.kind for c in self._listing.columns]
        numbered = ([_numbered(value) for value in row] for row in rows)
        long = self.total > EXPORT_BATCH
        book = writing.xlsx_bytes(self.title or self.name, headings, numbered, kinds, by_rows=long)
        return _attached(book, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", file)

    def _exported(self) -> Iterable[Sequence[Any]]:
        """Every row's cells. A list that shows nothing but a noun's own columns reads just these, not whole records."""
        select = self._select.limit(EXPORT_LIMIT)
        columns = self._own_columns()
        if columns:
            only = select.with_only_columns(*columns, maintain_column_froms=True).execution_options(
                yield_per=EXPORT_BATCH
            )
            return db.session.execute(only)
        return ([c.of(item) for c in self._listing.columns] for item in _items(select))

    def _own_columns(self) -> list[Any]:
        """The listed columns where each is one of the only noun that is selected, without loading anything beside it."""
        (first, *others), names = self._select.column_descriptions, [c.value or c.key for c in self._listing.columns]
        noun = first["entity"]
        if others or noun is None or first["expr"] is not noun or self._select._with_options:
            return []
        own = sa.inspect(noun).column_attrs
        return [getattr(noun, str(name)) for name in names] if all(name in own for name in names) else []

    def _narrowed(self, select: sa.Select[Any]) -> sa.Select[Any]:
        if self.search and self._listing.search is not None:
            wanted = self._listing.search(self.search)
            if isinstance(wanted, sa.ColumnElement):
                select = select.where(wanted)
            else:
                self._search = wanted
        for declared, shown in zip(self._listing.filters, self.filters, strict=True):
            if shown.value:
                try:
                    select = declared.apply(select, shown.value)
                except (ValueError, KeyError) as error:
                    raise BadRequest(f"{declared.name}: {shown.value}") from error
        return select

    def _ordered(self, select: sa.Select[Any]) -> sa.Select[Any]:
        wanted = request.args.get("sort", "")
        column = next((c for c in self._listing.columns if c.key == wanted.lstrip("-") and c.sort is not None), None)
        if column is None:
            return select.order_by(*self._listing.order)
        return select.order_by(
            column.sort.desc() if wanted.startswith("-") else column.sort.asc(), *self._listing.order
        )

    def _shown_filter(self, declared: Filter) -> FilterShown:
        value = request.args.get(declared.name, declared.default)
        return FilterShown(declared.name, str(declared.label), [(v, str(t)) for v, t in declared.options()], value)

    def _shown_column(self, column: Column) -> Shown:
        wanted = request.args.get("sort", "")
        sorted_ = {column.key: "ascending", "-" + column.key: "descending"}.get(wanted)
        towards = "-" + column.key if sorted_ == "ascending" else column.key
        sort_url = self._here(sort=towards, page=None) if column.sort is not None else None
        return Shown(column.key, str(column.label), column.kind, sort_url, sorted_)

    def _row(self, item: Any) -> Row:
        return Row(
            [c.of(item) for c in self._listing.columns],
            [c.url(item) if c.url else None for c in self._listing.columns],
            self._url(item) if self._url else None,
            item,
        )

    def _here(self, **changes: Any) -> str:
        arguments = {**request.args.to_dict(), **(request.view_args or {}), **changes}
        return url_for(request.endpoint or "", **{k: v for k, v in arguments.items() if v not in (None, "")})


def _items(select: sa.Select[Any]) -> Sequence[Any]:
    result = db.session.execute(select)
    rows = result.unique().all()
    return [row[0] if len(row) == 1 else row for row in rows]


def _number(select: sa.Select[Any]) -> int:
    """How many rows; of a select that neither groups nor drops doubles nothing but their being there is read."""
    select = select.order_by(None)
    if not select._distinct and not select._group_by_clauses:
        select = select.with_only_columns(sa.literal(1).label("one"), maintain_column_froms=True)
    return db.session.scalar(sa.select(sa.func.count()).select_from(select.subquery())) or 0


def _page_number() -> int:
    asked = request.args.get("page", "1")
    if not (asked.isascii() and asked.isdecimal() and 0 < len(asked) < 8):
        raise BadRequest("page")
    return max(1, int(asked))


def _attached(body: bytes, media_type: str, file: str) -> Response:
    response = Response(body, content_type=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=file)
    return response


def _plain(value: Any) -> Any:
    if type(value) is str:
        return value
    match value:
        case Yen():
            return value.amount
        case FiscalYear():
            return value.start
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case None | str() | int() | float() | bool():
            return value
        case _:
            return str(value)


def _numbered(value: Any) -> Any:
    """As a spreadsheet cell: real numbers and dates, words for states."""
    if type(value) is str:
        return value
    match value:
        case Yen():
            return value.amount
        case datetime():
            return value.astimezone(clock.TOKYO).replace(tzinfo=None)
        case date() | None | int() | float():
            return value
        case _:
            return _worded(value)


def _all_worded(rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    """All rows in words; what a state is called is looked up once."""
    labels: dict[Enum, str] = {}
    for row in rows:
        cells = []
        for value in row:
            if type(value) is str:
                cells.append(value)
            elif isinstance(value, Enum):
                cells.append(labels.get(value) or labels.setdefault(value, text.label(value)))
            else:
                cells.append(_worded(value))
        yield cells


def _worded(value: Any) -> str:
    match value:
        case None:
            return ""
        case Enum():
            return text.label(value)
        case Yen():
            return str(value.amount)
        case datetime():
            return value.astimezone(clock.TOKYO).strftime("%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case _:
            return str(value)
