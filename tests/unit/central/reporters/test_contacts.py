"""Numbers and addresses have one form, and neither a log nor a table tells them."""

import pytest

from central.reporters.contacts import Contact, ContactError, Vault, read_contact

VAULT = Vault(b"s" * 64)


@pytest.mark.parametrize(
    "written", ["138 0013 8000", "+86 13800138000", "0086-138-0013-8000", " 13800138000 "]
)
def test_a_number_has_one_form_however_it_is_written(written):
    assert read_contact(written, "CN") == Contact("phone", "+8613800138000")


@pytest.mark.parametrize("written", ["Li.Na@Example.ORG", " li.na@example.org", "LI.NA@EXAMPLE.ORG"])
def test_an_address_has_one_form_however_it_is_written(written):
    assert read_contact(written, "CN") == Contact("email", "li.na@example.org")


@pytest.mark.parametrize(
    "written", ["", "110", "+1", "nobody", "a@b", "a b@example.org", "1\x000", "9" * 300]
)
def test_what_nothing_can_be_sent_to_is_refused(written):
    with pytest.raises(ContactError):
        read_contact(written, "CN")


def test_what_was_sealed_opens_with_the_same_secret_alone():
    contact = Contact("phone", "+8613800138000")
    sealed = VAULT.seal(contact)
    assert "13800138000" not in sealed + repr(contact)
    assert Vault(b"s" * 64).open("phone", sealed) == contact
    with pytest.raises(LookupError, match="another secret"):
        Vault(b"t" * 64).open("phone", sealed)
    assert VAULT.fingerprint(contact) != Vault(b"t" * 64).fingerprint(contact)
