"""What is for people and what is an original, who looked at an original and why, and plates.

What came before is taken for an original: nothing of it was blurred.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("leads") as leads:
        leads.add_column(sa.Column("plate", sa.JSON(), nullable=True))
    with op.batch_alter_table("lead_evidence") as evidence:
        evidence.add_column(
            sa.Column("audience", sa.String(length=10), nullable=False, server_default="original")
        )
        evidence.add_column(sa.Column("original_sha256", sa.String(length=64), nullable=True))
    op.create_table(
        "original_views",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=150), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_original_views")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_original_views_sha256"), "original_views", ["sha256"])
    for statement in _GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    op.drop_table("original_views")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION original_views_stay()")
    with op.batch_alter_table("lead_evidence") as evidence:
        evidence.drop_column("original_sha256")
        evidence.drop_column("audience")
    with op.batch_alter_table("leads") as leads:
        leads.drop_column("plate")


_GUARDS = {
    "sqlite": (
        "CREATE TRIGGER original_views_no_update BEFORE UPDATE ON original_views "
        "BEGIN SELECT RAISE(ABORT, 'a look at an original stays as it was written'); END",
        "CREATE TRIGGER original_views_no_delete BEFORE DELETE ON original_views "
        "BEGIN SELECT RAISE(ABORT, 'a look at an original stays as it was written'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION original_views_stay() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a look at an original stays as it was written'; END $$",
        "CREATE TRIGGER original_views_stay BEFORE UPDATE OR DELETE ON original_views "
        "FOR EACH ROW EXECUTE FUNCTION original_views_stay()",
    ),
}
"""The database itself refuses to change or lose a line, whatever a program tries."""
