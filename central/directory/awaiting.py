"""Whom the directory calls by a user's name is awaited, or nobody any more; an administrator says so."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from central.custody.chain import EntryKind
from central.people import repository as users
from central.people import service as people
from central.people.models import DirectoryLink

log = structlog.get_logger(__name__)


def set_awaited(
    session: Session, name: str, awaited: bool, *, now: datetime, actor: str = people.SYSTEM
) -> None:
    """Let whom the directory calls by a user's name be that user from when they come; or nobody any more.

    Who was linked is linked no longer: that is how somebody gets in again whose number has changed there.
    Sessions of that name end.

    Raises:
        PeopleError: when there is no such user, or nobody could get in without the directory.
    """
    user = people.named(session, name)
    if awaited:
        people.check_not_last(session, user)
    if user.link is not None:
        user.link = None
        session.flush()
    if awaited:
        user.link = DirectoryLink(issuer=None, subject=None, linked_at=None)
    users.end_sessions_of(session, user.id)
    people.tell(session, EntryKind.USER_CHANGED, user, actor, now)
    log.info("directory_user_awaited" if awaited else "directory_user_unlinked", user=user.name)
