"""Finding names by any part of them: an index of each engine's own, which the database keeps by itself.

No table of ours: what stands in it follows from the column search_key of organisations and people. On SQLite a contentless FTS5
table of trigrams for each, kept by three triggers, and its vocabulary; two blanks end every key, so that also its last
characters begin a trigram. A later migration that copies organisations or people (batch mode) drops the triggers with the old
table and must create them again.

On PostgreSQL an index of the single characters of each key, and one of trigrams where the server has pg_trgm, this user may
install it and the database's locale knows kanji as letters (with LC_CTYPE "C" pg_trgm passes over them).
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

INDEXES = {"organisations": "organisation", "people": "person"}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, index in INDEXES.items():
            _trigrams(table, index)
        return
    trigrams = _has_trigrams()
    for table in INDEXES:
        op.execute(f"CREATE INDEX sx_{table}_characters ON {table} USING gin (string_to_array(search_key, NULL))")
        if trigrams:
            op.execute(f"CREATE INDEX sx_{table}_trigrams ON {table} USING gin (search_key gin_trgm_ops)")


def _trigrams(table: str, index: str) -> None:
    search, end = f"{index}_search", "'  '"
    op.execute(f"CREATE VIRTUAL TABLE {search} USING fts5(words, content='', tokenize='trigram case_sensitive 1')")
    op.execute(f"CREATE VIRTUAL TABLE {index}_terms USING fts5vocab({search}, 'row')")
    added = f"INSERT INTO {search} (rowid, words) VALUES (NEW.id, NEW.search_key || {end});"  # noqa: S608  (our own names)
    taken = f"INSERT INTO {search} ({search}, rowid, words) VALUES ('delete', OLD.id, OLD.search_key || {end});"  # noqa: S608
    op.execute(f"CREATE TRIGGER {search}_added AFTER INSERT ON {table} BEGIN {added} END")
    op.execute(f"CREATE TRIGGER {search}_taken AFTER DELETE ON {table} BEGIN {taken} END")
    op.execute(
        f"CREATE TRIGGER {search}_changed AFTER UPDATE OF search_key ON {table} "
        f"WHEN OLD.search_key <> NEW.search_key BEGIN {taken} {added} END"
    )
    op.execute(f"INSERT INTO {search} (rowid, words) SELECT id, search_key || {end} FROM {table}")  # noqa: S608


def _has_trigrams() -> bool:
    """Whether trigrams of kanji can be had here; nothing fails where they cannot."""
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
            return bool(connection.scalar(sa.text("SELECT cardinality(show_trgm('漢字')) > 0")))
    except sa.exc.DBAPIError:
        return False
