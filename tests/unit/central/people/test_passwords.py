"""What a password costs whoever tries to guess it."""

from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from central.people.passwords import hash_new


def test_a_guess_at_a_stolen_hash_costs_64_mib_and_three_passes():
    assert extract_parameters(hash_new("olga", "a long enough password")) == RFC_9106_LOW_MEMORY
