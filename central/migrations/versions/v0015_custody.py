"""The chain of custody, retention, legal hold, and people who are limited to areas.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "custody_entries",
        sa.Column("number", _KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_custody_entries")),
    )
    op.create_index("ix_custody_entries_subject", "custody_entries", ["subject", "kind", "number"])
    op.create_table(
        "custody_heads",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("instance", sa.String(63), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_heads")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_custody_heads_number"), "custody_heads", ["number"])
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(150), nullable=False),
        sa.Column("set_at", _AT, nullable=False),
        sa.Column("lifted_by", sa.String(150), nullable=True),
        sa.Column("lifted_at", _AT, nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_legal_holds_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_case_id"), "legal_holds", ["case_id"])
    op.create_table(
        "user_areas",
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("area_id", sa.String(63), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_areas_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "area_id", name=op.f("pk_user_areas")),
    )
    op.add_column("media", sa.Column("deleted_at", _AT, nullable=True))
    op.add_column("media", sa.Column("deletion_rule", sa.String(100), nullable=True))
    op.create_index("ix_media_deleted_at_received_at", "media", ["deleted_at", "received_at", "sha256"])
    op.add_column("leads", sa.Column("anonymised_at", _AT, nullable=True))
    op.create_index("ix_cases_area_id_state", "cases", ["area_id", "state", "kind", "id"])
    for table, words in _PROTECTED.items():
        for statement in _guards(op.get_bind().dialect.name, table, words):
            op.execute(statement)


def downgrade() -> None:
    """Take it back."""
    postgres = op.get_bind().dialect.name == "postgresql"
    for table in _PROTECTED:
        if postgres:
            op.execute(f"DROP TRIGGER {table}_stay ON {table}")
            op.execute(f"DROP FUNCTION {table}_stay()")
        else:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(f"DROP TRIGGER {table}_no_delete")
    op.drop_index("ix_cases_area_id_state", "cases")
    op.drop_column("leads", "anonymised_at")
    op.drop_index("ix_media_deleted_at_received_at", "media")
    op.drop_column("media", "deletion_rule")
    op.drop_column("media", "deleted_at")
    op.drop_table("user_areas")
    op.drop_table("legal_holds")
    op.drop_table("custody_heads")
    op.drop_table("custody_entries")


_PROTECTED = {
    "custody_entries": "an entry of the chain stays as it was written",
    "custody_heads": "a signed head stays as it was written",
    "case_events": "a line of the log stays as it was written",
}


def _guards(dialect: str, table: str, words: str) -> tuple[str, ...]:
    """The database itself refuses to change or lose a line, whatever a program tries."""
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            for what in ("update", "delete")
        )
    return (
        f"CREATE FUNCTION {table}_stay() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$",
        f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_stay()",
    )
