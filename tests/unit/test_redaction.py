"""Credentials leave command lines, environments and documents; what only looks like one stays."""

import json

import pytest

from profiler.redaction import (
    REMOVED,
    is_secret_name,
    lost_variables,
    redact_command,
    redact_document,
    redact_environment,
    redact_own_command,
    redact_text,
)

GITHUB = "ghp_" + "a1B2" * 9
AMAZON = "AKIA" + "Q7RX" * 4


@pytest.mark.parametrize(
    "argv",
    [
        ["app", "--api-key", "hunter2"],
        ["app", "--api_key=hunter2", "--size", "3"],
        ["app", "--token", "hunter2", "--verbose"],
        ["app", "--password=my hunter2 is long"],
        ["env", "DB_PASSWORD=hunter2", "app"],
        ["env", "MY_KEY=hunter2", "app"],
        ["env", "PGPASS=hunter2", "PGPASSWORD=hunter2", "app"],
        ["app", "--env", "PGPASS=hunter2"],
        ["app", "--env=PGPASS=hunter2"],
        ["/usr/bin/mysql", "-u", "me", "-phunter2", "db"],
        ["mariadb-dump", "-phunter2", "db"],
        ["sshpass", "-p", "hunter2", "ssh", "host"],
        ["sh", "-c", "mysqldump -u me -phunter2 db"],
        ["app", "--client-secret", "hunter2"],
        ["app", "--aws-secret-access-key", "hunter2"],
        ["app", "--azureAccountKey=hunter2"],
        ["app", "-H", "Authorization: Bearer hunter2hunter2"],
        ["app", "-H", "Authorization: Basic hunter2"],
        ["app", "-H", "X-Auth-Token: hunter2"],
        ["app", '{"token": "hunter2", "size": 3}'],
        ["sh", "-c", "app --token hunter2 && TOKEN='hunter2 x' app --password \"hunter2 y\""],
        ["app", "postgres://me:hunter2@host/db"],
        ["app", "redis://:hunter2@host"],
        ["app", "https://host/path?size=3&access_token=hunter2&x=1"],
    ],
)
def test_a_value_behind_a_name_that_says_so_is_removed(argv):
    clean = redact_command(argv)
    assert "hunter2" not in " ".join(clean)
    assert len(clean) == len(argv)
    assert clean[0] == argv[0]
    assert redact_command(clean) == clean


@pytest.mark.parametrize(
    "value",
    [
        GITHUB,
        AMAZON,
        "github_pat_" + "x" * 22,
        "glpat-" + "a1" * 10,
        "xoxb-1234567890-abc",
        "hf_" + "aB" * 17,
        "sk-" + "proj-abc123" * 3,
        "nvapi-" + "aB3" * 10,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_123",
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_known_shape_is_removed_wherever_it_stands(value):
    for words in (["app", value], ["app", f"--label={value}"], ["app", "--label", value], ["app", f"https://{value}@host/x"]):
        assert value not in " ".join(redact_command(words))
    assert value not in " ".join(redact_own_command(["profiler", "run", "--label", value]))
    assert value not in redact_text(f"before {value} after")


@pytest.mark.parametrize(
    "argv",
    [
        ["app", "--num-tokens", "128"],
        ["app", "-p4096", "-p", "8"],
        ["mysql", "-p", "database"],
        ["app", "BYPASS=1", "L2_BYPASS=1", "N_PASS_MAX=2"],
        ["app", "--max-tokens=128", "num_tokens=128", "tokens=5"],
        ["app", "--tokenizer", "gpt2", "tokenizer.py"],
        ["app", "--eos-token", "x", "--pad_token_id=0", "--token-count", "3"],
        ["app", "-p4096", "-p", "8080"],
        ["app", "--key", "op", "--keys=op,shape"],
        ["app", "--password-file", "/run/x", "--block=256"],
        ["app", "--use-token", "--verbose"],
        ["app", "--secret", "--verbose"],
        ["app", "monkey=3", "keyboard", "compass=4", "author=me"],
        ["app", "op=swish shape=65536x1024 dtype=fp32 block=256"],
        ["app", "sk-learn", "risk-free", "hf_model", "AKIA"],
        ["app", "http://host:8080/path", "user@host:22"],
        ["nvcc", "-DKEY_SIZE=4", "-I/usr/include"],
    ],
)
def test_what_is_no_credential_stays(argv):
    assert redact_command(argv) == argv
    assert redact_text(" ".join(argv)) == " ".join(argv)


def test_options_of_this_program_stay_and_the_commands_in_them_do_not():
    kept = "profiler run --set token=4 --sweep secret=1,2 --key op"
    given = f"{kept} --env API_KEY=hunter2 --env=TOKEN=hunter2 -- app --token hunter2"
    told = f"{kept} --env API_KEY={REMOVED} --env=TOKEN={REMOVED} -- app --token {REMOVED}"
    assert redact_own_command(given.split()) == told.split()
    sides = ["profiler", "ab", "--base-command", "app --token hunter2 --x 1", "--candidate-command=app --token hunter2"]
    assert redact_own_command(sides) == [
        "profiler",
        "ab",
        "--base-command",
        f"app --token {REMOVED} --x 1",
        f"--candidate-command=app --token {REMOVED}",
    ]


def test_variables_that_hold_credentials_are_left_empty_and_named():
    variables = {"API_KEY": "x", "GITHUB_TOKEN": "y", "PATH": "/bin", "NUM_TOKENS": "3", "ADDRESS": "https://me:pw@host"}
    clean = redact_environment(variables)
    assert clean == {"API_KEY": "", "GITHUB_TOKEN": "", "PATH": "/bin", "NUM_TOKENS": "3", "ADDRESS": f"https://{REMOVED}@host"}
    assert lost_variables(clean) == ["API_KEY", "GITHUB_TOKEN", "ADDRESS"]
    assert lost_variables({"PATH": "", "X": "1"}) == []


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "HOME", "KEYBOARD", "SSH_AUTH_SOCK", "TOKENIZERS_PARALLELISM", "sort_key", ""])
def test_common_names_are_none(name):
    assert not is_secret_name(name)


def test_documents_lose_them_in_their_command_lines_and_environments_only():
    document = {
        "sides": [{"name": "a", "argv": ["app", "--token", "x"]}],
        "request": {"environment": {"TOKEN": "x", "A": "1"}},
        "keys": ["token"],
        "points": ["op=a token=3"],
        "rows": {"token": 1},
    }
    before = json.dumps(document)
    assert redact_document(document) == {
        "sides": [{"name": "a", "argv": ["app", "--token", REMOVED]}],
        "request": {"environment": {"TOKEN": "", "A": "1"}},
        "keys": ["token"],
        "points": ["op=a token=3"],
        "rows": {"token": 1},
    }
    assert json.dumps(document) == before
