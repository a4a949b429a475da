"""Reporters, answers to them, and their points.

Cases that ended before get no answer: nobody was promised one.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_STAY = (
    "answers",
    "gift_moves",
    "identity_views",
    "points_approvals",
    "points_awards",
    "points_entries",
    "points_rules",
    "redemption_ends",
    "redemptions",
)
"""Tables whose rows stay as they were written; the database itself refuses anything else."""


def upgrade() -> None:
    """Apply."""
    _people()
    _answers()
    _rules_and_awards()
    _gifts_and_ledger()
    _guard()


def downgrade() -> None:
    """Take it back."""
    for name in (
        "picture_keys",
        "points_due",
        "points_entries",
        "gift_moves",
        "redemption_ends",
        "redemptions",
        "gifts",
        "approver_contacts",
        "points_approvals",
        "points_awards",
        "points_rules",
        "answer_deliveries",
        "answers",
        "identity_views",
        "reporter_sessions",
        "reporter_codes",
        "reporter_identities",
        "reporters",
    ):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION row_stays_as_written()")


def _guard() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION row_stays_as_written() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'a row of % stays as it was written', TG_TABLE_NAME; END $$"
        )
        for table in _STAY:
            op.execute(
                f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION row_stays_as_written()"
            )
        return
    for table in _STAY:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'a row of {table} stays as it was written'); END"
            )


def _people() -> None:
    op.create_table(
        "reporters",
        sa.Column("ref", sa.String(36), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("deleted_at", _AT, nullable=True),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_reporters")),
    )
    op.create_table(
        "reporter_identities",
        sa.Column("ref", sa.String(36), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("confirmed_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["ref"], ["reporters.ref"], name=op.f("fk_reporter_identities_ref")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_reporter_identities")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_reporter_identities_fingerprint")),
    )
    op.create_table(
        "reporter_codes",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("used_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporter_codes")),
    )
    op.create_index(
        "ix_reporter_codes_fingerprint_created_at", "reporter_codes", ["fingerprint", "created_at"]
    )
    op.create_index(op.f("ix_reporter_codes_created_at"), "reporter_codes", ["created_at"])
    op.create_table(
        "reporter_sessions",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("ref", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["ref"], ["reporters.ref"], name=op.f("fk_reporter_sessions_ref")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_reporter_sessions")),
    )
    for column in ("ref", "expires_at"):
        op.create_index(op.f(f"ix_reporter_sessions_{column}"), "reporter_sessions", [column])
    op.create_table(
        "identity_views",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("ref", sa.String(36), nullable=False),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_views")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_identity_views_ref"), "identity_views", ["ref"])


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("lead_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reason_code", sa.String(40), nullable=True),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("given_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_answers_lead_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_answers_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("lead_id", "case_id", name=op.f("uq_answers_lead_id_case_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_answers_case_id"), "answers", ["case_id"])
    op.create_index(
        "uq_answers_lead_id_final",
        "answers",
        ["lead_id"],
        unique=True,
        sqlite_where=sa.text("final"),
        postgresql_where=sa.text("final"),
    )
    op.create_table(
        "answer_deliveries",
        sa.Column("answer_id", _KEY, nullable=False),
        sa.Column("reporter_ref", sa.String(36), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", _AT, nullable=False),
        sa.Column("updated_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name=op.f("fk_answer_deliveries_answer_id")),
        sa.ForeignKeyConstraint(
            ["reporter_ref"], ["reporters.ref"], name=op.f("fk_answer_deliveries_reporter_ref")
        ),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_answer_deliveries")),
    )
    op.create_index(op.f("ix_answer_deliveries_reporter_ref"), "answer_deliveries", ["reporter_ref"])
    op.create_index("ix_answer_deliveries_state_next_try_at", "answer_deliveries", ["state", "next_try_at"])


def _rules_and_awards() -> None:
    op.create_table(
        "points_rules",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("in_force_since", _AT, nullable=False),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_rules")),
    )
    op.create_table(
        "points_due",
        sa.Column("answer_id", _KEY, nullable=False),
        sa.Column("lead_id", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name=op.f("fk_points_due_answer_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_points_due_lead_id")),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_points_due")),
    )
    op.create_table(
        "points_awards",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("lead_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("reporter_ref", sa.String(36), nullable=False),
        sa.Column("rules_id", _KEY, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(20), nullable=False),
        sa.Column("copied_report_id", sa.String(36), nullable=True),
        sa.Column("needs_two", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("points >= 0", name=op.f("ck_points_awards_not_negative")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_points_awards_lead_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_points_awards_case_id")),
        sa.ForeignKeyConstraint(
            ["reporter_ref"], ["reporters.ref"], name=op.f("fk_points_awards_reporter_ref")
        ),
        sa.ForeignKeyConstraint(["rules_id"], ["points_rules.id"], name=op.f("fk_points_awards_rules_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_awards")),
        sa.UniqueConstraint("lead_id", name=op.f("uq_points_awards_lead_id")),
    )
    op.create_index(op.f("ix_points_awards_case_id"), "points_awards", ["case_id"])
    op.create_index(op.f("ix_points_awards_needs_two"), "points_awards", ["needs_two"])
    op.create_index("ix_points_awards_reporter_ref_day", "points_awards", ["reporter_ref", "day"])
    op.create_table(
        "points_approvals",
        sa.Column("award_id", sa.String(36), nullable=False),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.Column("approves", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["points_awards.id"], name=op.f("fk_points_approvals_award_id")
        ),
        sa.PrimaryKeyConstraint("award_id", "actor", name=op.f("pk_points_approvals")),
    )
    op.create_table(
        "approver_contacts",
        sa.Column("user_name", sa.String(100), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("declared_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("user_name", "fingerprint", name=op.f("pk_approver_contacts")),
    )


def _gifts_and_ledger() -> None:
    op.create_table(
        "gifts",
        sa.Column("id", sa.String(63), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", _AT, nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_gifts_costs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gifts")),
    )
    op.create_table(
        "redemptions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("reporter_ref", sa.String(36), nullable=False),
        sa.Column("gift_id", sa.String(63), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(100), nullable=False),
        sa.Column("pickup_hash", sa.String(64), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["reporter_ref"], ["reporters.ref"], name=op.f("fk_redemptions_reporter_ref")
        ),
        sa.ForeignKeyConstraint(["gift_id"], ["gifts.id"], name=op.f("fk_redemptions_gift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemptions")),
        sa.UniqueConstraint(
            "reporter_ref", "idempotency_key", name=op.f("uq_redemptions_reporter_ref_idempotency_key")
        ),
        sa.UniqueConstraint("pickup_hash", name=op.f("uq_redemptions_pickup_hash")),
    )
    op.create_index("ix_redemptions_reporter_ref_at", "redemptions", ["reporter_ref", "at"])
    op.create_table(
        "redemption_ends",
        sa.Column("redemption_id", sa.String(36), nullable=False),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemptions.id"], name=op.f("fk_redemption_ends_redemption_id")
        ),
        sa.PrimaryKeyConstraint("redemption_id", name=op.f("pk_redemption_ends")),
    )
    op.create_table(
        "gift_moves",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("gift_id", sa.String(63), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("redemption_id", sa.String(36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_gift_moves_stock_not_negative")),
        sa.ForeignKeyConstraint(["gift_id"], ["gifts.id"], name=op.f("fk_gift_moves_gift_id")),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemptions.id"], name=op.f("fk_gift_moves_redemption_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_moves")),
        sa.UniqueConstraint("gift_id", "number", name=op.f("uq_gift_moves_gift_id_number")),
    )
    op.create_index(op.f("ix_gift_moves_redemption_id"), "gift_moves", ["redemption_id"])
    op.create_table(
        "points_entries",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("reporter_ref", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.String(36), nullable=True),
        sa.Column("redemption_id", sa.String(36), nullable=True),
        sa.Column("reverses", _KEY, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_points_entries_balance_not_negative")),
        sa.CheckConstraint("points <> 0", name=op.f("ck_points_entries_moves")),
        sa.ForeignKeyConstraint(
            ["reporter_ref"], ["reporters.ref"], name=op.f("fk_points_entries_reporter_ref")
        ),
        sa.ForeignKeyConstraint(["award_id"], ["points_awards.id"], name=op.f("fk_points_entries_award_id")),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemptions.id"], name=op.f("fk_points_entries_redemption_id")
        ),
        sa.ForeignKeyConstraint(["reverses"], ["points_entries.id"], name=op.f("fk_points_entries_reverses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_entries")),
        sa.UniqueConstraint("reporter_ref", "number", name=op.f("uq_points_entries_reporter_ref_number")),
        sa.UniqueConstraint("award_id", name=op.f("uq_points_entries_award_id")),
        sa.UniqueConstraint("redemption_id", name=op.f("uq_points_entries_redemption_id")),
        sa.UniqueConstraint("reverses", name=op.f("uq_points_entries_reverses")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "picture_keys",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("picture_id", _KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"], ["upload_files.id"], name=op.f("fk_picture_keys_picture_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", "picture_id", name=op.f("pk_picture_keys")),
    )
    op.create_index(op.f("ix_picture_keys_picture_id"), "picture_keys", ["picture_id"])
