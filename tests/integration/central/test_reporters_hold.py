"""Limits of codes and accounts hold over several copies of central, on both databases."""

import re
import threading

from sqlalchemy import func, select

from central.database import Database
from central.problems import Problem
from central.reporters import service
from central.reporters.contacts import Contact, Vault
from central.reporters.models import Reporter
from central.reporters.settings import ReporterSettings
from tests.unit.central.box import NOON

VAULT, TERMS = Vault(b"k" * 32), ReporterSettings.model_validate({})
PHONE = Contact("phone", "+8613800138000")


def together(url, *jobs):
    """Run each job at a copy of central of its own, all at once; what each gave or how it was refused."""
    start, found = threading.Barrier(len(jobs)), []

    def copy(job):
        database = Database(url)
        start.wait()
        try:
            with database.write() as session:
                given = job(session)
            found.append(given)
        except Problem as problem:
            found.append(problem.code)
        finally:
            database.close()

    threads = [threading.Thread(target=copy, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(jobs)
    return found


def ask(session):
    return service.ask_for_code(session, PHONE, VAULT, TERMS, city="Yuyao", now=NOON)


def attempt(asked, code=None):
    code = code or re.match(r"\d{6}", asked.message.text)[0]

    def job(session):
        return service.try_code(session, asked.challenge, code, vault=VAULT, settings=TERMS, now=NOON)

    return job


def test_no_more_codes_than_five_go_to_a_number_whichever_copies_are_asked_at_once(url):
    found = together(url, *[ask] * 8)
    assert found.count("too-many-codes") == 3


def test_two_codes_tried_at_once_by_somebody_new_make_one_account(database, url):
    with database.write() as session:
        codes = [ask(session), ask(session)]
    found = together(url, *[attempt(each) for each in codes])
    assert len(set(found)) == 1
    assert None not in found
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Reporter)) == 1


def test_a_code_that_is_guessed_at_many_copies_at_once_stands_five_tries(database, url):
    with database.write() as session:
        asked = ask(session)
    right = re.match(r"\d{6}", asked.message.text)[0]
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert together(url, *[attempt(asked, wrong)] * 6) == [None] * 6
    assert together(url, attempt(asked)) == [None]
