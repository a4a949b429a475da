"""Cases are opened again: a lead is answered once more each time, and it is counted.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TOGETHER = sa.text("outcome = 'together'")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "final_answers",
        sa.Column("lead_id", sa.String(36), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("answer_id", _KEY, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_final_answers_lead_id")),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name=op.f("fk_final_answers_answer_id")),
        sa.PrimaryKeyConstraint("lead_id", "round", name=op.f("pk_final_answers")),
        sa.UniqueConstraint("answer_id", name=op.f("uq_final_answers_answer_id")),
    )
    op.execute(
        "INSERT INTO final_answers (lead_id, round, answer_id) SELECT lead_id, 0, id FROM answers WHERE final"
    )
    op.drop_index("uq_answers_lead_id_final", "answers")
    _one_answer_a_case(again=False)
    op.create_index("ix_answers_lead_id", "answers", ["lead_id"])
    op.create_index(
        "uq_answers_lead_id_case_id_together",
        "answers",
        ["lead_id", "case_id"],
        unique=True,
        sqlite_where=_TOGETHER,
        postgresql_where=_TOGETHER,
    )
    op.add_column("case_facts", sa.Column("reopened_day", sa.Date(), nullable=True))
    op.add_column("case_facts", sa.Column("suspended_day", sa.Date(), nullable=True))
    op.add_column(
        "case_facts", sa.Column("unproved", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    for name in ("reopened_day", "suspended_day"):
        where = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_case_facts_{name}", "case_facts", [name], sqlite_where=where, postgresql_where=where
        )
    unproved = sa.text("unproved")
    op.create_index(
        "ix_case_facts_unproved",
        "case_facts",
        ["closed_day"],
        sqlite_where=unproved,
        postgresql_where=unproved,
    )
    # What they say of cases that are there already stands in the log: it is counted anew from its beginning.
    op.execute("UPDATE insight_counted_to SET ground = ''")


def downgrade() -> None:
    """Take it back. Needs that no case was opened again: what was answered twice has no place before this."""
    for name in ("unproved", "suspended_day", "reopened_day"):
        op.drop_index(f"ix_case_facts_{name}", "case_facts")
    with op.batch_alter_table("case_facts") as facts:
        for name in ("unproved", "suspended_day", "reopened_day"):
            facts.drop_column(name)
    op.drop_index("uq_answers_lead_id_case_id_together", "answers")
    op.drop_index("ix_answers_lead_id", "answers")
    _one_answer_a_case(again=True)
    op.create_index(
        "uq_answers_lead_id_final",
        "answers",
        ["lead_id"],
        unique=True,
        sqlite_where=sa.text("final"),
        postgresql_where=sa.text("final"),
    )
    op.drop_table("final_answers")


def _one_answer_a_case(*, again: bool) -> None:
    """Put the constraint of one answer for a lead and case there again, or take it away."""
    name = op.f("uq_answers_lead_id_case_id")
    with op.batch_alter_table("answers", table_kwargs={"sqlite_autoincrement": True}) as answers:
        if again:
            answers.create_unique_constraint(name, ["lead_id", "case_id"])
        else:
            answers.drop_constraint(name, type_="unique")
    if op.get_bind().dialect.name == "sqlite":  # the table was made again, without its triggers
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER answers_no_{change.lower()} BEFORE {change} ON answers "
                "BEGIN SELECT RAISE(ABORT, 'a row of answers stays as it was written'); END"
            )
