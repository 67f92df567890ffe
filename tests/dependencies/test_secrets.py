"""A key, password or token in a tracked file is found. Those here are invented, and in parts so as not to be found."""

import subprocess
from pathlib import Path

import pytest

from scripts import find_secrets

AWS_KEY_ID = "AKIA" + "Z7Q3M2X5V9B4N8K1"
AWS_SIGNS_WITH = "wq8Rk2Vn5T" + "z1Yb7Lp4Xc" + "9Md3Hf6Jg0" + "SaQeUiOoPw"
JWT = "eyJhbGciOiJSUzI1NiJ9" + ".eyJzdWIiOiI4ZjNhIn0" + ".c2lnbmF0dXJlLW9mLW5vdGhpbmc"
PRIVATE_KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----\n"
GITHUB_TOKEN = "ghp_" + "a1W2c3D4x5F6" + "g7H8i9J0k1L2" + "m3N4o5P6q7R8"
CHOSEN_WORD = "Kestrel" + "-42-harbour"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    (root / ".gitignore").write_text("build/\n")
    (root / "README.md").write_text("The speaker signs in with an address and a password.\n")
    return root


def scan(root: Path, *harmless: str) -> int:
    entries = root.parent / "harmless.toml"
    entries.write_text("\n".join(harmless) or "harmless = []")
    return find_secrets.main(["--root", str(root), "--harmless", str(entries)])


def test_a_repository_without_secrets_passes(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan(repository) == 0
    assert "no secret in 2 files" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.md", f"The account's key is {AWS_KEY_ID}.\n"),
        ("settings.py", f'aws_secret_access_key = "{AWS_SIGNS_WITH}"\n'),
        ("credentials", f"[default]\naws_secret_access_key = {AWS_SIGNS_WITH}\n"),
        ("key.pem", PRIVATE_KEY),
        ("verify.py", f'BABELCAST_PASSWORD = "{CHOSEN_WORD}"\n'),
        ("session.ts", f'export const login = {{ user: "a@b.example", password: "{CHOSEN_WORD}" }};\n'),
        ("deploy.yml", f"env:\n  BABELCAST_PASSWORD: {CHOSEN_WORD}\n"),
        (".env", f"BABELCAST_PASSWORD={CHOSEN_WORD}\n"),
        ("speaker.json", f'{{"email": "a@b.example", "password": "{CHOSEN_WORD}"}}\n'),
        ("curl.sh", f"curl -H 'Authorization: Bearer {JWT}' https://api.example\n"),
        ("push.sh", f"git push https://{GITHUB_TOKEN}@github.com/a/b\n"),
    ],
    ids=lambda value: value if "\n" not in value else "",
)
def test_a_secret_is_found_where_it_stands_and_is_not_printed(
    repository: Path, name: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / name).write_text(content)

    assert scan(repository) == 1
    said = capsys.readouterr().err
    assert f"{name}:" in said
    for secret in (AWS_KEY_ID, AWS_SIGNS_WITH, JWT, CHOSEN_WORD, GITHUB_TOKEN):
        assert secret not in said


def test_what_git_ignores_is_not_looked_at(repository: Path) -> None:
    (repository / "build").mkdir()
    (repository / "build" / "notes.md").write_text(AWS_KEY_ID)

    assert scan(repository) == 0


def test_a_comment_in_the_line_hides_nothing(repository: Path) -> None:
    (repository / "settings.py").write_text(f'password = "{CHOSEN_WORD}"  # pragma: allowlist secret\n')

    assert scan(repository) == 1


def test_one_harmless_finding_with_a_reason_is_passed_over_and_no_other(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = repository / "settings.py"
    settings.write_text(f'password = "{CHOSEN_WORD}"\n')
    scan(repository)
    digest = capsys.readouterr().err.partition("digest ")[2][:8]
    entry = f'[[harmless]]\npath = "set*.py"\nkind = "Secret Keyword"\ndigests = ["{digest}"]\n'
    with pytest.raises(KeyError, match="reason"):
        scan(repository, entry)
    entry += 'reason = "invented"\n'

    assert scan(repository, entry) == 0
    settings.write_text(f'password = "{CHOSEN_WORD}"\nnew_password = "{CHOSEN_WORD[::-1]}"\n')
    assert scan(repository, entry) == 1
    settings.write_text("")
    capsys.readouterr()
    assert scan(repository, entry) == 1
    assert "nothing is found any more of set*.py" in capsys.readouterr().err


def test_without_a_repository_nothing_is_called_free_of_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan(tmp_path) == 1
    said = capsys.readouterr()
    assert "not looked for secrets: fatal: not a git repository" in said.err
    assert not said.out
