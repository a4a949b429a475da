"""What a browser carries to the directory and back."""

from datetime import timedelta

from central.directory.trips import LIFE_S, new_trip, seal, unseal
from tests.unit.central.box import NOON

SECRET = b"0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def test_a_trip_is_read_for_ten_minutes_and_by_its_own_central_alone():
    trip = new_trip("/cases/1")
    cookie = seal(SECRET, trip, NOON)
    assert unseal(SECRET, cookie, NOON + timedelta(seconds=LIFE_S)) == trip
    assert unseal(SECRET, cookie, NOON + timedelta(seconds=LIFE_S + 1)) is None
    assert unseal(b"another secret of another central", cookie, NOON) is None
    for bad in ("", "x", "ü", cookie[:-5], cookie + "A"):
        assert unseal(SECRET, bad, NOON) is None


def test_a_trip_tells_nothing_of_its_secrets_and_no_two_are_alike():
    trip, other = new_trip("/"), new_trip("/")
    assert len({trip.state, trip.nonce, trip.verifier, other.state, other.nonce, other.verifier}) == 6
    cookie = seal(SECRET, trip, NOON)
    for secret in (trip.state, trip.nonce, trip.verifier):
        assert len(secret) >= 43
        assert secret not in cookie
        assert secret not in repr(trip)
