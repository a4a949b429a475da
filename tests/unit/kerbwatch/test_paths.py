"""Whoever runs a command in another folder is told from where its configuration's relative paths count."""

import pytest

from kerbwatch.paths import located
from kerbwatch.secrets import SecretMissingError, read_secret_file
from kerbwatch.settings import SettingsError, load_yaml


def test_a_relative_path_that_is_not_there_is_told_with_the_folder_from_which_it_counts(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    whole = tmp_path / "absent"
    relative = whole.relative_to(tmp_path)
    for read, error in ((read_secret_file, SecretMissingError), (load_yaml, SettingsError)):
        with pytest.raises(error, match=f"absent \\(looked for from {tmp_path}, where this runs\\)"):
            read(relative)
        with pytest.raises(error, match=f"{whole}: "):
            read(whole)
    assert located(whole) == str(whole)
