"""Points: given once for what was true and new, approved by two, and taken back by a row."""

import io
from datetime import timedelta

import imagehash
import pytest
from PIL import Image, ImageDraw

from central.cases.rules import Origin
from central.points import awards, gifts, repository
from tests.integration.central.citizens import ADA, DORA, JUDY, OLGA
from tests.integration.central.office import LI, VAULT, WANG, ZHAO, open_office, refused
from tests.unit.central.box import NOON

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""What differs between databases is in test_points_hold.py."""


@pytest.fixture
def office(database, settings):
    return open_office(database, settings)


def test_a_report_that_was_dealt_with_is_paid_once(office):
    office.report(LI)
    assert (office.settle(), office.settle()) == (["first"], [])
    assert office.balance(LI) == 20


def test_a_report_is_worth_nothing_before_its_case_is_closed_or_when_it_was_rejected(office):
    office.report(LI, close=False)
    assert office.settle() == []
    assert office.balance(LI) == 0


def test_the_first_who_reports_it_counts_and_the_later_ones_get_thanks(office):
    first = office.report(WANG, close=False, metres=0)
    later = office.report(LI, close=False, metres=3, now=NOON + timedelta(minutes=2))
    own = office.report(WANG, close=False, metres=5, now=NOON + timedelta(minutes=3))
    office.close(first)
    office.settle()
    assert [office.award(each).why for each in (first, later, own)] == ["first", "later", "later"]
    assert (office.balance(WANG), office.balance(LI)) == (20, 0)


def test_whoever_reports_without_an_account_is_the_first_all_the_same(office):
    first = office.report(None, close=False, metres=0)
    later = office.report(LI, close=False, metres=3, now=NOON + timedelta(minutes=2))
    office.close(first)
    office.settle()
    assert office.award(later).why == "later"


def test_a_days_points_are_capped_by_the_day_of_the_report_in_the_city(office):
    midnight = NOON.replace(hour=16)  # in Shanghai
    for minutes in (-4, -3, -2, -1, 1):
        office.report(LI, now=midnight + timedelta(minutes=minutes))
    assert office.settle(midnight + timedelta(days=3)) == ["first", "first", "first", "cap", "first"]
    assert office.balance(LI) == 80


def picture(seed):
    """A street as no other: some shapes at some places."""
    image = Image.new("RGB", (640, 480), (90 + 10 * seed, 120, 100))
    draw = ImageDraw.Draw(image)
    for number in range(12):
        x, y = (number * 131 + seed * 197) % 560, (number * 89 + seed * 61) % 400
        shade = (number * 53 + seed * 29) % 255
        draw.rectangle((x, y, x + 60 + 10 * seed, y + 50), fill=(shade, 255 - shade, 60))
    return image


def jpeg(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue()))


def seen(image, sha256):
    return [(sha256 * 64, str(imagehash.phash(image)))]


def test_nobody_is_paid_for_a_copy_of_the_bytes_or_of_the_picture_encoded_anew(office):
    street = jpeg(picture(1), 92)
    original = office.report(WANG, close=False, pictures=seen(street, "a"))
    same_bytes = office.report(LI, pictures=seen(street, "a"))
    smaller = jpeg(street.resize((400, 300)), 40)
    encoded_anew = office.report(LI, pictures=seen(smaller, "b"))
    own_again = office.report(WANG, pictures=seen(smaller, "c"))
    another = office.report(LI, pictures=seen(jpeg(picture(2), 92), "d"))
    office.close(original)
    office.settle()
    found = [office.award(each).why for each in (original, same_bytes, encoded_anew, own_again, another)]
    assert found == ["first", "copy", "copy", "copy", "first"]
    assert (office.balance(WANG), office.balance(LI)) == (20, 20)


def test_whoever_sends_a_copy_does_not_take_the_place_of_the_first(office):
    street = jpeg(picture(3), 92)
    office.report(ZHAO, pictures=seen(street, "a"))
    copied = office.report(WANG, close=False, metres=0, pictures=seen(street, "a"))
    honest = office.report(LI, close=False, metres=3, pictures=seen(jpeg(picture(4), 92), "e"))
    office.close(copied)
    office.settle()
    assert [office.award(each).why for each in (copied, honest)] == ["copy", "first"]


def test_a_dark_picture_proves_no_copy(office):
    dark = [("f" * 64, "0" * 16)], [("9" * 64, "8000000000000000")]
    for pictures in dark:
        office.report(LI, pictures=pictures)
    assert office.settle() == ["first", "first"]


@pytest.fixture
def large(office):
    """An award that needs two: Li's."""
    lead_id = office.report(LI, origin=Origin.QR)
    office.settle()
    for who in (DORA, JUDY):
        office.declare(who, f"phone of {who.name}")
    return office.award(lead_id).id


def test_from_fifty_points_on_two_people_approve(office, large):
    office.decide(large, DORA)
    assert office.balance(LI) == 0
    with refused("same-person"):
        office.decide(large, DORA)
    office.decide(large, JUDY)
    assert office.balance(LI) == 50
    with refused("decided"):
        office.decide(large, JUDY)


def test_one_refusal_with_its_reason_ends_it(office, large):
    with refused("note"):
        office.decide(large, DORA, approves=False)
    office.decide(large, DORA, approves=False, note="staged")
    with refused("decided"):
        office.decide(large, JUDY)
    assert office.balance(LI) == 0
    office.report(LI)  # what was refused does not count towards the day
    office.settle()
    assert office.balance(LI) == 20


def test_one_person_under_two_names_is_no_two_people(office, large):
    with refused("permission"):
        office.decide(large, OLGA)
    office.declare(JUDY, "phone of dora")
    office.decide(large, DORA)
    with refused("same-person"):
        office.decide(large, JUDY)


def test_an_approver_who_is_the_reporter_is_refused_and_one_who_declared_nothing_as_well(office, large):
    office.declare(DORA, LI)
    with refused("own-report"):
        office.decide(large, DORA)
    stranger = type(JUDY)("user:jude", "jude", JUDY.roles, JUDY.permissions)
    with refused("contact-needed"):
        office.decide(large, stranger)


def test_a_gift_takes_points_and_stock_and_cancelling_returns_both(office):
    office.earn(LI, 2)
    made = office.redeem(LI, "the first wish")
    assert (office.balance(LI), office.stock()) == (20, 1)
    again = office.redeem(LI, "the first wish")
    assert (again.redemption.id, again.new) == (made.redemption.id, False)
    assert (office.balance(LI), office.stock()) == (20, 1)
    with refused("not-found"):
        office.cancel(made.redemption.id, WANG)
    office.cancel(made.redemption.id, LI)
    assert (office.balance(LI), office.stock()) == (40, 2)
    with refused("ended"):
        office.cancel(made.redemption.id, LI)


def test_a_pick_up_code_is_good_once(office):
    office.earn(LI)
    made = office.redeem(LI)
    code = gifts.pickup_code(made.redemption.id, VAULT)
    typed = code.lower().replace("-", " ").replace("o", "0").replace("i", "1")
    with office.database.write() as session:
        gifts.hand_over(session, typed, who=ADA, vault=VAULT, now=NOON)
    with refused("ended"):
        office.cancel(made.redemption.id, LI)
    with refused("ended"), office.database.write() as session:
        gifts.hand_over(session, code, who=ADA, vault=VAULT, now=NOON)


def test_an_award_is_taken_back_by_a_row_unless_it_was_spent(office):
    office.earn(LI)
    with office.database.read() as session:
        (entry,) = repository.entries(session, LI, None, 10)

    def reverse():
        with office.database.write() as session:
            awards.reverse(session, entry.id, who=ADA, reason="staged", now=NOON)

    made = office.redeem(LI)
    with refused("not-enough-points"):
        reverse()
    office.cancel(made.redemption.id)
    reverse()
    assert office.balance(LI) == 0
    with refused("reversed"):
        reverse()


def test_a_deleted_account_gives_its_gifts_back_and_its_points_lapse(office):
    office.earn(LI, 2)
    office.redeem(LI)
    with office.database.write() as session:
        gifts.close_account(session, LI, actor="reporter", now=NOON)
    assert (office.balance(LI), office.stock()) == (0, 2)
    with refused("not-found"):
        office.redeem(LI)
    office.report(LI)
    assert office.settle() == []
