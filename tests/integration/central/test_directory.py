"""A city's people come in by the city's own directory, and nobody else does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import structlog
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from central import setup
from central.app import create_app
from central.custody.models import CustodyEntry
from central.directory import awaiting
from central.people import service as people
from central.people.models import DirectoryLink
from central.people.passwords import PeopleError
from central.people.permissions import Role
from central.settings import CentralSettings
from kerbwatch.clock import ManualClock
from kerbwatch.settings import SettingsError
from tests.integration.central.conftest import PASSWORD
from tests.integration.central.directory import SECRET, Directory, query_of

ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
GROUPS = [
    {"group": "/dispatch", "roles": ["dispatcher"]},
    {"group": "/yangming", "areas": ["yangming"]},
    {"group": "/squad", "roles": ["unit_officer"], "unit": "squad-yangming"},
    {"group": "/police", "unit": "traffic-police"},
]


@pytest.fixture(scope="module")
def city_directory():
    with Directory() as running:
        yield running


@pytest.fixture
def directory(city_directory):
    city_directory.reset()
    return city_directory


@pytest.fixture
def clock() -> ManualClock:
    """The directory has no clock of ours: ours stands at its present."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def settings(settings, tmp_path, directory):
    (tmp_path / "oidc").write_text(SECRET)
    return with_directory(settings, issuer=directory.issuer, client_secret_file=str(tmp_path / "oidc"))


def with_directory(settings: CentralSettings, **changes: object) -> CentralSettings:
    held = settings.people.directory.model_dump() if settings.people.directory else {"client_id": "kerbwatch"}
    people = settings.people.model_dump() | {"directory": held | changes}
    return CentralSettings.model_validate(settings.model_dump(exclude={"people"}) | {"people": people})


def set_to(town, **changes):
    """The same town, its central started anew with other settings of the directory."""
    app = create_app(with_directory(town.settings, **changes), town.clock)
    town.client.app.state.central.database.close()
    town.client.app.state.central = app.state.central


def await_user(town, name, awaited=True):
    with town.database.write() as session:
        awaiting.set_awaited(session, name, awaited, now=town.clock.now_utc())


def get(town, path, **more):
    return town.client.get(path, follow_redirects=False, headers={"accept": "text/html"}, **more)


def leave_for(town, next="/cameras"):
    answer = get(town, "/sign-in/directory", params={"next": next})
    assert answer.status_code == 303
    return answer.headers["location"]


def back(town, directory, subject, there=None):
    """The whole way round: where the browser is in the end."""
    return get(town, directory.lets_in(there or leave_for(town), subject)).headers["location"]


def refusal(location):
    return query_of(location).get("refused") if location.startswith("/sign-in?") else None


def me(town):
    return town.client.get("/api/v1/me").json()


def test_who_is_awaited_comes_in_and_is_known_by_their_number_from_then_on(town, directory):
    await_user(town, "olga")
    directory.has("s-1", preferred_username="olga", groups=["/anything"])
    with structlog.testing.capture_logs() as lines:
        answer = get(town, directory.lets_in(leave_for(town), "s-1"))
        assert answer.headers["location"] == "/cameras"
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("kerbwatch="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (me(town)["name"], me(town)["roles"]) == ("olga", ["operator"]), "roles that she was given here"
    logged = repr(lines)
    assert "directory_user_linked" in logged
    assert directory.seen
    assert not [secret for secret in directory.seen if secret in logged or secret in str(answer.headers)]
    assert town.client.delete("/api/v1/session").status_code == 403, "a change takes the page's token"

    town.client.cookies.clear()
    directory.has("s-1", preferred_username="olga-wang")
    directory.has("s-2", preferred_username="olga")
    assert back(town, directory, "s-1") == "/cameras"
    assert me(town)["name"] == "olga", "whatever she is called there now"
    town.client.cookies.clear()
    assert refusal(back(town, directory, "s-2")) == "unknown", "another one who has taken her name"
    with town.database.read() as session:
        query = select(CustodyEntry.actor, CustodyEntry.payload).where(CustodyEntry.subject == "user:olga")
        rows = session.execute(query.order_by(CustodyEntry.number)).all()
    assert [row.actor for row in rows] == ["system", "directory"]
    assert '"linked":true' in rows[1].payload


def test_groups_give_roles_anew_at_each_sign_in_and_take_them(town, directory):
    set_to(town, groups=GROUPS, unknown="create")
    directory.has("s-3", preferred_username="dong", groups=["/dispatch", "/yangming", "/chess"])
    assert back(town, directory, "s-3") == "/cameras"
    assert (me(town)["name"], me(town)["roles"]) == ("dong", ["dispatcher"])
    assert "yangming" in me(town)["areas"]
    before = dict(town.client.cookies)
    directory.has("s-3", preferred_username="dong", groups=["/squad"])
    town.client.cookies.clear()
    assert back(town, directory, "s-3") == "/cameras"
    assert (me(town)["roles"], me(town)["areas"]) == (["unit_officer"], None)
    newer = dict(town.client.cookies)
    town.client.cookies = before
    assert town.client.get("/api/v1/me").status_code == 401, "what he could do before ends where he sat, too"
    town.client.cookies = newer
    directory.has("s-3", preferred_username="dong", groups=["/squad", "/police"])
    assert refusal(back(town, directory, "s-3")) == "mapping", "nobody is of two units"
    directory.has("s-3", preferred_username="dong", groups=["/yangming"])
    assert refusal(back(town, directory, "s-3")) == "no_role"
    assert town.client.get("/api/v1/me").status_code == 401
    with town.database.read() as session:
        query = select(CustodyEntry.kind, CustodyEntry.actor).where(CustodyEntry.subject == "user:dong")
        rows = session.execute(query.order_by(CustodyEntry.number)).all()
    assert {row.actor for row in rows} == {"directory"}
    assert rows[0].kind == "user_added"


STRANGER = RSAKey.generate_key(2048)


LIES = (
    {"nonce": "of another trip"},
    {"nonce": None},
    {"aud": "another program"},
    {"aud": ["kerbwatch", "other"], "azp": "other"},
    {"aud": None},
    {"iss": "https://elsewhere.example"},
    {"exp": 1_700_000_000},
    {"exp": None},
    {"iat": 4_000_000_000, "exp": 4_000_000_600},
    {"sub": ""},
    {"sub": "s-4\0"},
    {"at_hash": "bm90IHRoZSBoYXNo"},
)
FORGERIES = (
    (STRANGER, "RS256"),
    (OctKey.import_key("kerbwatch-as-a-shared-secret-of-32-bytes"), "HS256"),
)


@ON_SQLITE
def test_an_id_token_that_does_not_hold_lets_nobody_in(town, directory):
    await_user(town, "olga")
    directory.has("s-4", preferred_username="olga")
    told = [({}, key, algorithm) for key, algorithm in FORGERIES] + [(lies, None, "RS256") for lies in LIES]
    for lies, key, algorithm in told:
        directory.lies, directory.key, directory.algorithm = lies, key, algorithm
        assert refusal(back(town, directory, "s-4")) == "untrue", (lies, algorithm)
        assert town.client.get("/api/v1/me").status_code == 401
    directory.reset()
    assert back(town, directory, "s-4") == "/cameras", "it was the token alone"


@ON_SQLITE
def test_a_minute_between_the_clocks_is_borne_and_two_are_not(town, directory):
    await_user(town, "olga")
    directory.has("s-5", preferred_username="olga")
    now = int(town.clock.now_utc().timestamp())
    directory.lies = {"exp": now - 100}
    assert refusal(back(town, directory, "s-5")) == "untrue"
    directory.lies = {"exp": now - 40}
    assert back(town, directory, "s-5") == "/cameras"


@ON_SQLITE
def test_a_return_that_this_browser_did_not_begin_or_began_long_ago_is_none(town, directory):
    await_user(town, "olga")
    directory.has("s-6", preferred_username="olga")
    home = directory.lets_in(leave_for(town), "s-6")
    assert refusal(get(town, home.replace("state=", "state=x")).headers["location"]) == "expired"
    assert refusal(get(town, home).headers["location"]) == "expired", "its cookie was good for one return"
    home = directory.lets_in(leave_for(town), "s-6")
    town.clock.advance(601)
    assert refusal(get(town, home).headers["location"]) == "expired"
    strange = directory.lets_in(leave_for(town), "s-6")
    town.client.cookies.clear()
    assert refusal(get(town, strange).headers["location"]) == "expired", "a link from a stranger"
    stolen = query_of(directory.lets_in(leave_for(town), "s-6"))["code"]
    answer = {"code": stolen, "state": query_of(leave_for(town))["state"]}
    assert refusal(get(town, "/sign-in/directory/back", params=answer).headers["location"]) == "denied"
    answer = {"error": "access_denied", "state": query_of(leave_for(town))["state"]}
    assert refusal(get(town, "/sign-in/directory/back", params=answer).headers["location"]) == "denied"
    home = directory.lets_in(leave_for(town), "s-6") + "&iss=https://elsewhere.example"
    assert refusal(get(town, home).headers["location"]) == "untrue", "an answer of another directory"
    assert town.client.get("/api/v1/me").status_code == 401


@ON_SQLITE
def test_a_directory_that_changes_its_keys_is_believed_on(town, directory):
    await_user(town, "olga")
    directory.has("s-7", preferred_username="olga")
    for _ in range(2):
        assert back(town, directory, "s-7") == "/cameras"
        town.client.cookies.clear()
        directory.turn_keys()


@ON_SQLITE
def test_unknown_people_disabled_ones_and_namesakes_stay_out(town, directory):
    town.add_user("nils", Role.OPERATOR)
    directory.has("s-8", preferred_username="olga")
    assert refusal(back(town, directory, "s-8")) == "unknown", "a user who is not awaited is not taken over"
    page = get(town, "/sign-in?refused=unknown").text
    assert "City account knows you, kerbwatch does not yet" in page
    await_user(town, "olga")
    assert back(town, directory, "s-8") == "/cameras"
    with town.database.write() as session:
        people.set_disabled(session, "olga", True, now=town.clock.now_utc())
    assert town.client.get("/api/v1/me").status_code == 401
    assert refusal(back(town, directory, "s-8")) == "disabled"
    set_to(town, groups=GROUPS, unknown="create")
    directory.has("s-9", preferred_username="nils", groups=["/dispatch"])
    assert refusal(back(town, directory, "s-9")) == "mapping", "there is a local user of that name"
    directory.has("s-9", preferred_username="nils", groups=["/chess"])
    assert refusal(back(town, directory, "s-9")) == "unknown"


@ON_SQLITE
def test_people_of_the_directory_may_be_kept_from_passwords_and_others_keep_theirs(town, directory):
    town.add_user("ada", Role.ADMINISTRATOR)
    await_user(town, "olga")
    directory.has("s-10", preferred_username="olga")
    assert back(town, directory, "s-10") == "/cameras"
    body = {"name": "olga", "password": PASSWORD}
    assert town.client.post("/api/v1/token", json=body).status_code == 200
    set_to(town, passwords=False)
    assert town.client.post("/api/v1/token", json=body).status_code == 401
    assert town.client.post("/api/v1/token", json=body | {"name": "ada"}).status_code == 200


@ON_SQLITE
def test_who_signs_out_is_shown_the_way_out_of_the_directory_too(town, directory):
    assert 'href="/sign-in/directory?next=%2Fh"' in get(town, "/sign-in?next=/h").text
    await_user(town, "olga")
    directory.has("s-11", preferred_username="olga")
    assert back(town, directory, "s-11") == "/cameras"
    form = {"csrf_token": me(town)["csrf_token"]}
    left = town.client.post("/sign-out", data=form, follow_redirects=False).headers["location"]
    assert town.client.get("/api/v1/me").status_code == 401
    assert 'href="/sign-out/directory"' in get(town, left).text
    out = get(town, "/sign-out/directory").headers["location"]
    assert out.startswith(f"{directory.issuer}/oauth2/end_session?")
    assert query_of(out) == {
        "client_id": "kerbwatch",
        "post_logout_redirect_uri": "http://testserver/sign-in",
    }


@ON_SQLITE
def test_a_directory_that_is_away_leaves_the_door_for_passwords_open(town, directory):
    directory.down = True
    answer = get(town, "/sign-in/directory")
    assert refusal(answer.headers["location"]) == "away"
    page = get(town, answer.headers["location"]).text
    assert "City account does not answer" in page
    assert 'name="password"' in page
    directory.reset()
    home = directory.lets_in(leave_for(town), "s-12")
    directory.down = True
    assert refusal(get(town, home).headers["location"]) == "away"


@ON_SQLITE
def test_one_administrator_always_does_without_the_directory(town, directory):
    with pytest.raises(SettingsError, match="make an administrator with a password first"):
        setup.check_ready(town.settings, town.database, town.clock.now_utc())
    town.add_user("ada", Role.ADMINISTRATOR)
    setup.check_ready(town.settings, town.database, town.clock.now_utc())
    beyond = with_directory(
        town.settings, groups=[{"group": "g", "roles": ["operator"], "areas": ["atlantis"]}]
    )
    with pytest.raises(SettingsError, match="there is no area 'atlantis'"):
        setup.check_ready(beyond, town.database, town.clock.now_utc())
    with pytest.raises(PeopleError, match="last administrator"):
        await_user(town, "ada")
    made = {"name": "dir", "directory": True, "roles": ["administrator"]}
    answer = town.client.post("/api/v1/users", json=made, headers=town.bearer("ada"))
    assert (answer.status_code, answer.json()["password"], answer.json()["directory"]) == (
        201,
        False,
        "awaited",
    )
    assert town.client.post("/api/v1/token", json={"name": "dir", "password": "x"}).status_code == 401
    with pytest.raises(PeopleError, match="does without the directory"):
        await_user(town, "ada")
    with town.database.write() as session, pytest.raises(PeopleError, match="does without the directory"):
        people.set_disabled(session, "ada", True, now=town.clock.now_utc())
    match = town.bearer("ada") | {"If-Match": answer.headers["ETag"]}
    answer = town.client.patch("/api/v1/users/dir", json={"directory": False}, headers=match)
    assert answer.json()["directory"] == "no"
    with town.database.read() as session:
        assert session.scalar(select(DirectoryLink)) is None


@ON_SQLITE
def test_the_way_to_the_directory_is_counted_as_passwords_are(town, directory):
    few = {"sign_in": {"address": {"per_minute": 1, "burst": 2}}}
    limited = CentralSettings.model_validate(town.settings.model_dump(exclude={"limits"}) | {"limits": few})
    town.client.app.state.central.database.close()
    town.client.app.state.central = create_app(limited, town.clock).state.central
    leave_for(town)
    assert refusal(get(town, "/sign-in/directory/back").headers["location"]) == "expired"
    assert get(town, "/sign-in/directory").status_code == 429
