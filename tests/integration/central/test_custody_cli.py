"""What an installer and an auditor type."""

import json
import os
import stat

from tests.integration.central.test_central_cli import folder, initialised, ready, run  # noqa: F401 - fixtures

CONFIG = "configs/central.yaml"


def test_from_init_on_the_books_can_be_verified_and_put_back_elsewhere(ready):  # noqa: F811
    key = ready / "var/central/custody-key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    fresh = run("verify", "--json")
    assert (fresh.exit_code, json.loads(fresh.stdout)["good"]) == (0, True)
    assert (
        run(
            "user", "add", "anna", "--role", "operator", "--area", "yangming", "--password-file", "password"
        ).exit_code
        == 0
    )
    assert "anna\toperator\t-\tactive\tyangming" in run("user", "list").output
    assert "no area 'atlantis'" in run("user", "scope", "anna", "--area", "atlantis").output
    assert run("user", "scope", "anna").stdout.strip().splitlines()[-1] == "anna: the whole city"
    assert run("retention", "--dry-run").stdout.strip() == "nothing is due"
    assert run("custody", "public-key", "audit.pem").exit_code == 0
    rotated = run("custody", "rotate-key")
    assert (rotated.exit_code, "takes the place of" in rotated.output) == (0, True)
    assert run("backup", "backups").exit_code == 0
    assert run("verify", "--public-key", "audit.pem").exit_code == 0
    text = (ready / CONFIG).read_text().replace("central/central.db", "there/central.db")
    (ready / "there.yaml").write_text(text.replace("central/media", "there/media"))
    restored = run("restore", "backups", "-c", "there.yaml")
    assert restored.exit_code == 0, restored.output
    again = run("restore", "backups", "-c", "there.yaml")
    assert (again.exit_code, "restore into empty ones" in again.output) == (1, True)


def test_nobody_else_on_the_machine_reads_a_backup_in_a_folder_that_is_open(ready):  # noqa: F811
    (ready / "disk").mkdir(mode=0o755)
    os.umask(0o022)
    assert run("backup", "disk").exit_code == 0
    made = [path for path in (ready / "disk").rglob("*") if path.is_file()]
    assert {"manifest.json", "database.sqlite", "custody-key.pub"} <= {path.name for path in made}
    assert [path for path in made if path.stat().st_mode & stat.S_IRWXO] == []


def test_a_key_that_others_may_read_or_that_is_not_there_is_refused_with_the_remedy(ready):  # noqa: F811
    key = ready / "var/central/custody-key.pem"
    key.chmod(0o644)
    assert "chmod 600" in str(run("verify").exception)
    key.unlink()
    assert "kerbwatch central init" in str(run("verify").exception)
