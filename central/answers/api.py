"""HTTP: answers for hotlines and apps, which pass them on to the people who reported to them."""

from __future__ import annotations

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from central.answers import service
from central.answers.schemas import AnswerLine
from central.context import CentralDep
from central.csv_file import guarded
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal

router = APIRouter(prefix="/api/v1", tags=["answers"])

Reader = Annotated[Principal, Depends(require(Permission.ANSWER_READ))]
Source = Annotated[str | None, Query(max_length=300, pattern=r"^[^\x00]*$")]
After = Annotated[int, Query(ge=0, le=2**53)]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/answers")
def list_answers(
    central: CentralDep, _who: Reader, source: Source = None, after: After = 0, limit: Limit = 200
) -> list[AnswerLine]:
    """Answers in the order in which they were given, after number ``after``: ask again with the last one."""
    with central.database.read() as session:
        return service.lines_after(session, after, source=source, limit=limit)


@router.get("/answers.csv", response_class=Response)
def answers_as_csv(
    central: CentralDep, _who: Reader, source: Source = None, after: After = 0, limit: Limit = 1000
) -> Response:
    """The same as a CSV file (UTF-8, with a heading); what would be a formula has a quote before it."""
    with central.database.read() as session:
        lines = service.lines_after(session, after, source=source, limit=limit)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(AnswerLine.model_fields))
    writer.writeheader()
    for line in lines:
        writer.writerow({name: guarded(value) for name, value in line.model_dump(mode="json").items()})
    headers = {"Content-Disposition": 'attachment; filename="answers.csv"', "Cache-Control": "no-store"}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
