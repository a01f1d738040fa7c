"""Files that a run keeps: secrets only for their owner, logs of the last runs."""

from pathlib import Path

from backend.core.settings import DEFAULT_SECRET, Settings
from backend.embedded.parts import child_environment, with_own_secret
from backend.embedded.postgres_home import _open_to_others
from backend.embedded.secrets_file import stored_secrets
from backend.embedded.supervisor import rotate_log
from backend.notifications.push.vapid import new_private_key, public_key


def settings(tmp_path: Path, **changes: object) -> Settings:
    return Settings(_env_file=None, var_dir=tmp_path, **changes)  # pyright: ignore


def test_secrets_are_made_once_and_readable_by_their_owner_only(tmp_path: Path):
    file = tmp_path / "secrets" / "postgres.json"
    first = stored_secrets(file, ("a", "b"))
    assert len(first["a"]) >= 32
    assert first["a"] != first["b"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert stored_secrets(file, ("a", "b", "c"))["a"] == first["a"]
    assert list(file.parent.iterdir()) == [file]


def test_default_secret_key_gives_way_to_one_of_this_checkout(tmp_path: Path):
    own = with_own_secret(settings(tmp_path)).secret_key.get_secret_value()
    assert own != DEFAULT_SECRET
    assert with_own_secret(settings(tmp_path)).secret_key.get_secret_value() == own
    configured = settings(tmp_path, secret_key="mine" * 10)
    assert with_own_secret(configured).secret_key.get_secret_value() == "mine" * 10


def test_push_key_is_of_this_checkout_and_stays(tmp_path: Path):
    own = with_own_secret(settings(tmp_path))
    assert len(public_key(own)) == 87
    assert public_key(with_own_secret(settings(tmp_path))) == public_key(own)
    assert child_environment(own)["VAPID_PRIVATE_KEY"] == own.vapid_private_key.get_secret_value()
    mine = new_private_key()
    configured = with_own_secret(settings(tmp_path, vapid_private_key=mine))
    assert configured.vapid_private_key.get_secret_value() == mine


def test_children_cannot_act_as_owner_of_the_schema(tmp_path: Path):
    given = settings(tmp_path, database_url="postgresql://a", admin_database_url="postgresql://owner:secret@h/d")
    environment = child_environment(given)
    assert environment["DATABASE_URL"] == "postgresql://a"
    assert environment["ADMIN_DATABASE_URL"] == ""
    assert not any("owner:secret" in value for value in environment.values())


def test_three_older_logs_are_kept(tmp_path: Path):
    log = tmp_path / "web.log"
    for number in range(6):
        log.write_text(str(number))
        rotate_log(log)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["web.log.1", "web.log.2", "web.log.3"]
    assert (tmp_path / "web.log.1").read_text() == "5"


def test_closed_directory_on_the_way_is_noticed(work_dir: Path):
    inner = work_dir / "closed" / "var"
    inner.mkdir(parents=True)
    assert _open_to_others(inner)
    (work_dir / "closed").chmod(0o700)
    assert not _open_to_others(inner)
