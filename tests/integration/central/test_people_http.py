"""Signing in, staying in, being kept out."""

import re
import threading

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from sqlalchemy import select

from central.people import passwords, repository
from central.people import service as people
from central.people.api import let_in
from central.people.models import SignInTries
from central.people.permissions import Permission, Role
from tests.integration.central.conftest import PASSWORD
from tests.integration.central.doors import readable

SIGN_IN = {"name": "olga", "password": PASSWORD}
WRONG = {"name": "olga", "password": "not the password"}


def sign_in(town, body=SIGN_IN, **headers):
    return town.client.post("/api/v1/session", json=body, headers=headers)


def test_a_browser_signs_in_and_its_cookie_is_out_of_scripts_reach(town):
    answer = sign_in(town)
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert re.search(r"max-age=43200\b", cookie)
    me = town.client.get("/api/v1/me").json()
    assert (me["name"], me["roles"]) == ("olga", ["operator"])
    assert "case:file" in me["permissions"]


def test_a_session_ends_with_time(town):
    sign_in(town)
    town.clock.advance(12 * 3600 - 1)
    assert town.client.get("/api/v1/me").status_code == 200
    town.clock.advance(2)
    assert town.client.get("/api/v1/me").status_code == 401


def test_signing_out_ends_the_session_and_not_just_the_cookie(town):
    sign_in(town)
    (cookie,) = town.client.cookies.items()
    token = town.client.get("/api/v1/me").json()["csrf_token"]
    assert town.client.delete("/api/v1/session", headers={"X-CSRF-Token": token}).status_code == 204
    town.client.cookies.set(*cookie)
    assert town.client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("token", [None, "0" * 64, ""], ids=["none", "made up", "empty"])
def test_a_foreign_page_cannot_act_for_a_signed_in_operator(town, token):
    sign_in(town)
    headers = {"X-CSRF-Token": token} if token is not None else {}
    answer = town.client.delete("/api/v1/session", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:kerbwatch:problem:csrf")
    good = town.client.get("/api/v1/me").json()["csrf_token"]
    evil = {"X-CSRF-Token": good, "Origin": "https://evil.example"}
    assert town.client.delete("/api/v1/session", headers=evil).status_code == 403
    assert town.client.delete("/api/v1/session", headers={"X-CSRF-Token": good}).status_code == 204


def test_a_foreign_page_cannot_sign_somebody_in(town):
    assert sign_in(town, origin="https://evil.example").status_code == 403
    assert sign_in(town, origin="http://testserver").status_code == 204


def sign_in_from(town, address, body=SIGN_IN):
    return sign_in(town, body, **{"X-Forwarded-For": address})


@pytest.fixture
def proxied(town):
    """The town's own reverse proxy tells from where somebody asks."""
    with TestClient(town.client.app, raise_server_exceptions=False, client=("127.0.0.1", 50000)) as client:
        town.client = client
        yield town


def test_a_name_that_exists_and_one_that_does_not_are_answered_alike_to_the_end(town):
    answers = []
    for name in ("olga", "nobody"):
        found = [sign_in(town, WRONG | {"name": name}) for _ in range(8)]
        answers.append([(each.status_code, each.json(), each.headers.get("Retry-After")) for each in found])
    assert answers[0] == answers[1]
    assert [status for status, _, _ in answers[0]] == [401] * 5 + [429] * 3
    assert answers[0][-1][2] == "300"
    assert sign_in(town).status_code == 429, "from here the right one waits as well"
    town.clock.advance(301)
    assert sign_in(town).status_code == 204


def test_an_unknown_name_is_hashed_for_as_a_known_one_is(town, monkeypatch):
    hashed = []
    matches = passwords._matches
    monkeypatch.setattr(passwords, "_matches", lambda *each: hashed.append(each[0][:20]) or matches(*each))
    sign_in(town, WRONG)
    sign_in(town, WRONG | {"name": "nobody"})
    assert len(hashed) == 2
    assert hashed[0] == hashed[1], "with the same parameters"


def test_nobody_is_kept_out_by_strangers_who_guess(proxied):
    assert sign_in_from(proxied, "192.0.2.1").status_code == 204
    for stranger in range(7):
        for _ in range(5):
            sign_in_from(proxied, f"198.51.100.{stranger}", WRONG)
        proxied.clock.advance(11)
    assert sign_in_from(proxied, "198.51.100.99", WRONG).status_code == 401
    slow = sign_in_from(proxied, "198.51.100.98")
    assert (slow.status_code, slow.headers["Retry-After"]) == (429, "10")
    assert sign_in_from(proxied, "192.0.2.1").status_code == 204, "from where she came in before"
    proxied.clock.advance(11)
    assert sign_in_from(proxied, "198.51.100.98").status_code == 204


def test_what_is_kept_of_wrong_passwords_tells_no_name_and_goes(town):
    sign_in(town, WRONG | {"name": "what was my password"})
    town.clock.advance(301)
    sign_in(town, WRONG)
    with town.database.read() as session:
        rows = session.scalars(select(SignInTries)).all()
    assert len(rows) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", row.name) for row in rows)


def test_a_right_password_forgets_the_wrong_ones(town):
    for _ in range(4):
        sign_in(town, WRONG)
    sign_in(town)
    for _ in range(4):
        sign_in(town, WRONG)
    assert sign_in(town).status_code == 204


def test_an_unknown_name_is_answered_as_a_wrong_password_is(town):
    unknown, wrong = sign_in(town, WRONG | {"name": "nobody"}), sign_in(town, WRONG)
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


def test_a_programs_token_needs_no_csrf_token_and_is_no_cookie(town):
    headers = town.bearer("olga")
    assert town.client.get("/api/v1/me", headers=headers).json()["csrf_token"] is None
    assert town.client.get("/api/v1/me").status_code == 401
    assert town.client.delete("/api/v1/session", headers=headers).status_code == 204
    assert town.client.get("/api/v1/me", headers=headers).status_code == 401


def test_a_browsers_session_is_no_bearer_token(town):
    sign_in(town)
    (cookie,) = town.client.cookies.values()
    town.client.cookies.clear()
    answer = town.client.get("/api/v1/me", headers={"Authorization": f"Bearer {cookie}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["Basic b2xnYTp4", "Bearer", "Bearer x", "nonsense"])
def test_a_bad_authorization_header_is_refused(town, header):
    answer = town.client.get("/api/v1/me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_edge_box_may_upload_and_nothing_else(town):
    assert town.client.get("/api/v1/me", headers=town.edge).json()["permissions"] == ["media:upload"]
    assert town.client.get("/api/v1/cases", headers=town.edge).status_code == 403
    assert town.client.get(f"/api/v1/media/{'a' * 64}", headers=town.edge).status_code == 403


def test_an_administrator_manages_people_and_does_not_decide_cases(town):
    town.add_user("adam", Role.ADMINISTRATOR)
    assert town.client.get("/api/v1/cases", headers=town.bearer("adam")).status_code == 403
    assert town.client.get("/api/v1/cameras", headers=town.bearer("adam")).status_code == 200


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_password_is_nowhere_in_the_database(town):
    token = town.client.post("/api/v1/token", json=SIGN_IN).json()["access_token"]
    content = b"".join(path.read_bytes() for path in town.settings.media.dir.parent.glob("central.db*"))
    assert PASSWORD.encode() not in content
    assert b"$argon2id$" in content
    assert token.encode() not in content


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_crowd_at_the_door_is_turned_away_and_does_not_stop_the_house(town):
    with town.database.write() as session:
        repository.by_name(session, "olga").password_hash = PasswordHasher().hash(PASSWORD)  # as dear as real
    answers = []
    crowd = [
        threading.Thread(target=lambda: answers.append(sign_in(town, WRONG).status_code)) for _ in range(30)
    ]
    for each in crowd:
        each.start()
    assert town.client.get("/metrics").status_code == 200
    for each in crowd:
        each.join()
    assert set(answers) <= {401, 429, 503}
    town.clock.advance(301)
    assert sign_in(town).status_code == 204


def test_a_name_with_a_character_that_no_database_holds_is_nobody_s(town):
    body = {"name": "olga\0", "password": PASSWORD}
    for path in ("/api/v1/token", "/api/v1/session"):
        answer = town.client.post(path, json=body)
        assert (answer.status_code, answer.headers["content-type"]) in {
            (401, "application/problem+json"),
            (422, "application/problem+json"),
        }
    form = {"name": "olga\0", "password": PASSWORD}
    assert town.client.post("/sign-in", data=form, headers={"accept": "text/html"}).status_code in {401, 422}


def patched(town, name, seen=None, **changes):
    """Change a user as seen at a version, or as they are now."""
    headers = town.bearer("adam")
    if seen is None:
        users = town.client.get("/api/v1/users", headers=headers).json()
        (seen,) = (each["version"] for each in users if each["name"] == name)
    match = headers | {"If-Match": f'"{seen}"'}
    answer = town.client.patch(f"/api/v1/users/{name}", json=changes, headers=match)
    return answer.status_code, answer.json()


def test_of_two_administrators_who_change_a_user_the_second_one_looks_again(town):
    town.add_user("adam", Role.ADMINISTRATOR)
    headers = town.bearer("adam")
    asked = town.client.patch("/api/v1/users/olga", json={"roles": ["auditor"]}, headers=headers)
    assert (asked.status_code, "If-Match" in asked.json()["detail"]) == (428, True)
    body = {"name": "piet", "password": "another long one", "roles": ["operator"]}
    made = town.client.post("/api/v1/users", json=body, headers=headers)
    assert (made.json()["version"], made.headers["ETag"]) == (1, '"1"')
    assert patched(town, "piet", seen=1, areas=["yangming"])[1]["version"] == 2
    status, told = patched(town, "piet", seen=1, roles=["dispatcher"])
    assert (status, "the user has changed" in told["detail"]) == (412, True)
    with town.database.write() as session:  # at the command line
        people.set_disabled(session, "piet", True, now=town.clock.now_utc())
    assert patched(town, "piet", seen=2, roles=["dispatcher"])[0] == 412
    assert patched(town, "piet", seen=3, roles=["dispatcher"])[1]["areas"] == ["yangming"]


def test_an_administrator_gives_people_units_and_passwords_and_never_locks_the_door_behind_himself(town):
    town.add_user("adam", Role.ADMINISTRATOR)
    assert patched(town, "olga", roles=["unit_officer"])[0] == 409, "an officer of no unit has nothing to do"
    status, olga = patched(town, "olga", roles=["unit_officer"], unit="squad-1", password="another long one")
    assert (status, olga["unit"], olga["roles"]) == (200, "squad-1", ["unit_officer"])
    assert patched(town, "olga", unit=None)[0] == 409
    assert olga["password_given"]
    assert sign_in(town, SIGN_IN | {"password": "another long one"}).status_code == 204
    town.client.cookies.clear()
    for change in ({"disabled": True}, {"roles": ["auditor"]}):
        status, told = patched(town, "adam", **change)
        assert (status, "last administrator" in told["detail"]) == (409, True)
    town.add_user("ada", Role.ADMINISTRATOR)
    assert patched(town, "adam", disabled=True)[0] == 200


def test_everybody_changes_their_own_password_who_knows_the_old_one(town):
    change, new = {"old": PASSWORD, "new": "entirely different"}, "entirely different"
    for wrong, status in (({"old": "a guess at it"}, 401), ({"new": "short"}, 409)):
        answer = town.client.post("/api/v1/me/password", json=change | wrong, headers=town.bearer("olga"))
        assert answer.status_code == status
    token = town.bearer("olga")
    assert town.client.post("/api/v1/me/password", json=change, headers=token).status_code == 204
    assert town.client.get("/api/v1/me", headers=token).status_code == 401
    assert sign_in(town, SIGN_IN | {"password": new}).status_code == 204
    csrf = re.search('name="csrf_token" value="([0-9a-f]+)"', town.client.get("/account").text)[1]
    form = {"csrf_token": csrf, "old": new, "new": PASSWORD, "again": "mistyped at the end"}
    assert "typed differently" in town.client.post("/account/password", data=form).text
    done = town.client.post("/account/password", data=form | {"again": PASSWORD}, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert sign_in(town).status_code == 204


def test_every_permission_that_somebody_has_is_asked_for_somewhere(pytestconfig):
    code = (pytestconfig.rootpath / "central").rglob("*.py")
    text = "".join(path.read_text() for path in code if path.name != "permissions.py")
    assert [each for each in Permission if f"Permission.{each.name}" not in text] == []


GIVEN, OWN = "given by another", "chosen by oneself"


def given(town, role="operator", **more):
    """An administrator makes an account with a password; what a program gets for it."""
    town.add_user("adam", Role.ADMINISTRATOR)
    body = {"name": "piet", "password": GIVEN, "roles": [role]} | more
    made = town.client.post("/api/v1/users", json=body, headers=town.bearer("adam"))
    assert made.status_code == 201, made.text
    return made.json(), token_of(town, GIVEN)


def token_of(town, password):
    answer = town.client.post("/api/v1/token", json={"name": "piet", "password": password})
    assert answer.status_code == 200, answer.text
    return answer.json()


def headers_of(token):
    return {"Authorization": f"Bearer {token['access_token']}"}


def test_a_password_that_another_gave_opens_nothing_until_ones_own_is_chosen(town):
    made, token = given(town)
    assert (made["password_given"], token["must_change_password"]) == (True, True)
    refused = town.client.get("/api/v1/cases", headers=headers_of(token))
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "change-password")
    assert town.client.get("/api/v1/me", headers=headers_of(token)).json()["must_change_password"]
    same = {"old": GIVEN, "new": GIVEN}
    assert town.client.post("/api/v1/me/password", json=same, headers=headers_of(token)).status_code == 409
    change = {"old": GIVEN, "new": OWN}
    assert town.client.post("/api/v1/me/password", json=change, headers=headers_of(token)).status_code == 204
    assert town.client.get("/api/v1/me", headers=headers_of(token)).status_code == 401, "signed out"
    token = token_of(town, OWN)
    assert not token["must_change_password"]
    assert town.client.get("/api/v1/cases", headers=headers_of(token)).status_code == 200
    assert not patched(town, "piet", unit="squad-1")[1]["password_given"]


def test_nothing_but_the_way_to_ones_own_password_is_open_with_one_that_was_given(town):
    """Every address that reads and names nothing, for somebody with every permission but this."""
    given(town, "administrator", unit="squad-1")
    with town.database.write() as session:
        people.set_roles(session, "piet", [*Role][:7], now=town.clock.now_utc())
    headers = headers_of(token_of(town, GIVEN))
    asked = [path for path, _route in readable(town.client.app)]

    def opened(**more):
        get = town.client.get
        return {path for path in asked if get(path, follow_redirects=False, **more).status_code == 200}

    assert opened(headers=headers) - opened() == {"/account", "/api/v1/me"}
    for path in ("/duty-list", "/rulings"):
        assert town.client.get(path, headers=headers).text == town.client.get(path).text, "as to a stranger"


def test_an_administrator_s_reset_is_changed_again_and_ones_own_or_a_program_s_is_not(town):
    _made, token = given(town, password_final=True)
    assert not token["must_change_password"], "as of a program's account"
    assert patched(town, "piet", password="reset by adam")[0] == 200
    assert token_of(town, "reset by adam")["must_change_password"]
    assert patched(town, "piet", password="reset for good", password_final=True)[0] == 200
    assert not token_of(town, "reset for good")["must_change_password"]
    assert not patched(town, "adam", password="my own long one")[1]["password_given"]


def test_a_browser_is_led_to_the_form_whatever_page_it_asks_for(town):
    given(town)
    town.client.headers["accept"] = "text/html"
    form = {"name": "piet", "password": GIVEN, "next": "/slips"}
    came = town.client.post("/sign-in", data=form)
    assert (came.status_code, came.url.path) == (200, "/account")
    assert "Somebody else gave you your password" in came.text
    part = town.client.get("/cases", headers={"hx-request": "true"})
    assert (part.status_code, part.headers["hx-redirect"]) == (403, "/account")
    csrf = re.search('name="csrf_token" value="([0-9a-f]+)"', came.text)[1]
    form = {"csrf_token": csrf, "old": GIVEN, "new": GIVEN, "again": GIVEN}
    assert town.client.post("/account/password", data=form).status_code == 409
    changed = town.client.post("/account/password", data=form | {"new": OWN, "again": OWN})
    assert changed.url.path == "/sign-in"
    came = town.client.post("/sign-in", data={"name": "piet", "password": OWN, "next": "/slips"})
    assert came.url.path == "/slips"


def test_whoever_comes_by_the_directory_chooses_no_password(town):
    """Who came in is vouched for; a password that lies beside it was not used."""
    given(town)
    with town.database.read() as session:
        user_id = repository.by_name(session, "piet").id
    issued = let_in(town.client.app.state.central, user_id, "bearer")
    headers = {"Authorization": f"Bearer {issued.token}"}
    assert town.client.get("/api/v1/cases", headers=headers).status_code == 200
