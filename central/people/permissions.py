"""Roles, and the named permissions that each has."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Permission(StrEnum):
    """Something that one may do."""

    CASE_READ = "case:read"
    CASE_FILE = "case:file"
    CASE_REJECT = "case:reject"
    CASE_MERGE = "case:merge"
    CASE_CLOSE = "case:close"
    CASE_REOPEN = "case:reopen"
    CASE_EVALUATE = "case:evaluate"
    LEAD_FILE = "lead:file"
    TICKET_READ = "ticket:read"
    TICKET_HANDLE = "ticket:handle"
    DEADLINE_APPROVE = "deadline:approve"
    DISPUTE_RULE = "dispute:rule"
    EVIDENCE_VIEW = "evidence:view"
    EVIDENCE_ORIGINAL = "evidence:original"
    EVIDENCE_AUDIT = "evidence:audit"
    HOLD_MANAGE = "hold:manage"
    PLATE_READ = "plate:read"
    CAMERA_READ = "camera:read"
    CODE_MANAGE = "code:manage"
    REPORT_READ = "report:read"
    EXPORT = "export"
    USER_MANAGE = "user:manage"
    MEDIA_UPLOAD = "media:upload"
    ANSWER_READ = "answer:read"
    REPORTER_IDENTIFY = "reporter:identify"
    REPORTER_AUDIT = "reporter:audit"
    POINTS_APPROVE = "points:approve"
    POINTS_MANAGE = "points:manage"


class Role(StrEnum):
    """What someone is here for."""

    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    UNIT_OFFICER = "unit_officer"
    UNIT_HEAD = "unit_head"
    ADJUDICATOR = "adjudicator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    CITIZEN = "citizen"
    EDGE = "edge"


_P = Permission
_LOOK = frozenset(
    {
        _P.CASE_READ,
        _P.TICKET_READ,
        _P.EVIDENCE_VIEW,
        _P.PLATE_READ,
        _P.CAMERA_READ,
        _P.REPORT_READ,
    }
)

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.OPERATOR: _LOOK
    | {
        _P.CASE_FILE,
        _P.CASE_REJECT,
        _P.CASE_REOPEN,
        _P.CASE_MERGE,
        _P.LEAD_FILE,
        _P.ANSWER_READ,
    },
    Role.DISPATCHER: _LOOK
    | {
        _P.CASE_FILE,
        _P.CASE_REJECT,
        _P.CASE_MERGE,
        _P.LEAD_FILE,
        _P.CASE_CLOSE,
        _P.CASE_REOPEN,
        _P.EVIDENCE_ORIGINAL,
        _P.DEADLINE_APPROVE,
        _P.EXPORT,
        _P.CODE_MANAGE,
        _P.ANSWER_READ,
        _P.REPORTER_IDENTIFY,
        _P.POINTS_APPROVE,
    },
    Role.UNIT_OFFICER: frozenset({_P.TICKET_HANDLE, _P.PLATE_READ}),
    Role.UNIT_HEAD: frozenset({_P.TICKET_HANDLE, _P.PLATE_READ}),
    Role.ADJUDICATOR: _LOOK
    | {_P.HOLD_MANAGE, _P.CASE_EVALUATE, _P.EVIDENCE_ORIGINAL, _P.DISPUTE_RULE, _P.POINTS_APPROVE},
    Role.AUDITOR: _LOOK
    | {_P.HOLD_MANAGE, _P.EVIDENCE_ORIGINAL, _P.EVIDENCE_AUDIT, _P.REPORTER_AUDIT, _P.EXPORT},
    Role.ADMINISTRATOR: frozenset({_P.USER_MANAGE, _P.CAMERA_READ, _P.CODE_MANAGE, _P.POINTS_MANAGE}),
    Role.CITIZEN: frozenset(),
    Role.EDGE: frozenset({_P.MEDIA_UPLOAD}),
}
"""What each role may do. A unit sees its own tickets only, so the city-wide lists are not its."""

OF_HELPERS = frozenset(
    {_P.CASE_READ, _P.TICKET_READ, _P.TICKET_HANDLE, _P.EVIDENCE_VIEW, _P.PLATE_READ, _P.CAMERA_READ}
)
"""What holds for a case that another town leads, of those who are limited to one that helps: they look on."""

OF_OWN_TICKET = OF_HELPERS | {_P.DEADLINE_APPROVE, _P.DISPUTE_RULE}
"""What holds for the ticket of the town that helps."""


def permissions_of(roles: Collection[str]) -> frozenset[Permission]:
    """The permissions of someone with ``roles``; a role that is not known gives none."""
    return frozenset().union(*(granted for role, granted in GRANTS.items() if role.value in roles))
