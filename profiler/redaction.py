"""Takes credentials out of what is about to be written: command lines, environments and texts that hold either.

A value is a credential when the name before it says so (`--api-key X`, `--token=X`, `PASSWORD=X`, `X-Auth-Token: X`), when
it stands in an address (`scheme://user:X@host`), when it has the shape of one (`ghp_…`, `AKIA…`, `Bearer …`), or when it
stands behind `-p` of a program that takes a password so (`mysql -pX`). Names are read word by word: `num_tokens` and
`tokenizer` are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

REMOVED = "(removed)"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET_WORDS = frozenset(
    "secret secrets token password passwords passwd passphrase passcode credential credentials bearer authorization apikey "
    "accesskey secretkey privatekey authtoken accesstoken".split()
)
_SECRET_PAIRS = frozenset(
    f"{first} key" for first in "api access private account secret signing encryption auth master license storage session".split()
) | {"connection string", "session id"}
_LAST_WORDS = frozenset("auth cookie dsn pwd".split())
"""Words that say so at the end of a name of several."""
_LAST_OF_VARIABLE = frozenset("key pass pat auth cookie dsn".split())
"""Words that say so at the end of a variable's name, which is in capitals."""
_GLUED_WORDS = ("password", "passwd", "passphrase")
"""Ends of words that say so, whatever they are glued to: `PGPASSWORD`."""
_OTHER_PASS = frozenset("bypass compass".split())
_ABOUT_TOKENS = frozenset(
    "eos bos pad cls sep unk mask special image per num max min id ids count len length size limit budget type dim rate".split()
)
"""Words beside `token` with which it is a piece of text."""
_PLACES = frozenset("file path dir folder name".split())
"""Last words of names whose values say where a credential is."""

_SHAPES = re.compile(
    r"(?P<scheme>\bbearer\s+)[\w.~+/=-]{6,}"
    r"|\b(?:gh[oprsu]_|hf_|npm_|dop_v1_)[A-Za-z0-9]{16,}"
    r"|\bgithub_pat_\w{16,}|\b(?:glpat|nvapi|pypi)-[\w-]{16,}|\bsk-[\w-]{16,}|\b[rs]k_(?:live|test)_\w{10,}"
    r"|\bxox[abeoprs]-[\w-]{10,}|\bAIza[\w-]{30,}|\b(?-i:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?P<address>\b[a-z][a-z0-9+.-]*://)[^/\s:@]*:[^/\s@]+(?=@)",
    re.IGNORECASE | re.DOTALL,
)
_VALUE = r"""(?:(?:bearer|basic|token)\s+)?(?:"[^"]*"|'[^']*'|[^\s"',;&]+)"""
_NAMED = re.compile(
    rf"""(?P<before>(?<![\w-])(?:--(?P<option>[A-Za-z][\w.-]*)\s+(?!-)|-{{0,2}}(?P<name>[A-Za-z_][\w.-]*)["']?(?:=|:\s*)))"""
    rf"(?P<value>{_VALUE})",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(r"-{0,2}([A-Za-z_][\w.-]*)=", re.DOTALL)
_OPTION = re.compile(r"--([A-Za-z][\w.-]*)")
_TAKE_PASSWORDS = r"(?:mysql\w*|mariadb[\w-]*|sshpass)"
"""Programs whose option `-p` has a password right behind it."""
_TAKES_PASSWORD = re.compile(_TAKE_PASSWORDS)
_BEHIND_P = re.compile(rf"(?P<before>(?:^|[\s/]){_TAKE_PASSWORDS}\s(?:[^;&|]*?\s)?-p)[^\s'\"]+")
_COMMANDS = frozenset({"--base-command", "--candidate-command", "--env"})
"""Options of this program whose values are command lines or variables."""


def is_secret_name(name: str) -> bool:
    """Return whether the value of an option, variable or field of this name is a credential."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _PLACES:
        return False
    if "token" in words and not _SECRET_WORDS & (set(words) - {"token"}) and _ABOUT_TOKENS & set(words):
        return False
    if (
        _SECRET_WORDS & set(words)
        or any(word.endswith(_GLUED_WORDS) for word in words)
        or _SECRET_PAIRS & {" ".join(pair) for pair in pairwise(words)}
    ):
        return True
    if name.isupper() and words[-1].endswith("pass") and words[-1] not in _OTHER_PASS:
        return True
    return (len(words) > 1 and words[-1] in _LAST_WORDS) or (name.isupper() and words[-1] in _LAST_OF_VARIABLE)


def redact_shapes(text: str) -> str:
    """Return a text without values that have the shape of a credential, whatever stands before them."""
    return _SHAPES.sub(lambda found: f"{found['scheme'] or found['address'] or ''}{REMOVED}", text)


def redact_text(text: str) -> str:
    """Return a text that may hold a command line, a header or variables, without their credentials."""
    return redact_shapes(_NAMED.sub(_without_value, _BEHIND_P.sub(rf"\g<before>{REMOVED}", text)))


def _without_value(found: re.Match[str]) -> str:
    name = found["option"] or found["name"]
    if is_secret_name(name):
        return f"{found['before']}{REMOVED}"
    # what stands behind another name may be a name itself: --header "Token: X"
    return f"{found['before']}{_NAMED.sub(_without_value, found['value'])}"


def redact_command(argv: Iterable[str]) -> list[str]:
    """Return a command line, word by word, without credentials."""
    clean: list[str] = []
    pending, program = False, ""
    for word in argv:
        assigned = _ASSIGNMENT.match(word)
        if pending and not word.startswith("-"):
            clean.append(REMOVED)
        elif program and word.startswith("-p") and len(word) > 2:
            clean.append(f"-p{REMOVED}")
        elif assigned and is_secret_name(assigned[1]):
            clean.append(f"{assigned[0]}{REMOVED}" if len(word) > assigned.end() else word)
        else:
            clean.append(redact_text(word))
        option = _OPTION.fullmatch(word)
        program = found[0] if (found := _TAKES_PASSWORD.fullmatch(word.rpartition("/")[2])) else program
        pending = (option is not None and is_secret_name(option[1])) or (program == "sshpass" and word == "-p")
    return clean


def redact_own_command(argv: Iterable[str]) -> list[str]:
    """Return the command line of this program without credentials.

    Its own options hold none, whatever they name; those that hold a command line or a variable, and all behind `--`, may.
    """
    words = list(argv)
    own = words.index("--") if "--" in words else len(words)
    clean = [redact_shapes(word) for word in words[:own]]
    for index, word in enumerate(words[:own]):
        option, equals, value = word.partition("=")
        if option in _COMMANDS and equals:
            clean[index] = f"{option}={redact_command([value])[0]}"
        elif index and words[index - 1] in _COMMANDS:
            clean[index] = redact_command([word])[0]
    return [*clean, *redact_command(words[own:])]


def redact_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables without credentials; a variable whose name says that it holds one is left empty."""
    return {name: "" if is_secret_name(name) else redact_text(value) for name, value in variables.items()}


def redact_document(document: Any) -> Any:
    """Return a JSON document without credentials in its command lines (`argv`, `command`) and its `environment`."""
    if isinstance(document, dict):
        return {name: _redact_field(name, value) for name, value in document.items()}
    return [redact_document(item) for item in document] if isinstance(document, (list, tuple)) else document


def _redact_field(name: str, value: Any) -> Any:
    if name in ("argv", "command") and isinstance(value, (list, tuple)):
        return redact_command(map(str, value))
    if name == "environment" and isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values()):
        return redact_environment(value)
    return redact_document(value)


def lost_variables(variables: Mapping[str, str]) -> list[str]:
    """Return the names of the variables whose values `redact_environment` took out."""
    return [name for name, value in variables.items() if REMOVED in value or (not value and is_secret_name(name))]
