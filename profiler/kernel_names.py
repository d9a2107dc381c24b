"""Names of kernels as people write them, from the names of the object file."""

from __future__ import annotations

import ctypes
import re
from functools import cache

_LIBRARY = "libstdc++.so.6"
_MANGLED = re.compile(r"_Z(\d{1,4})(\w+)")
_ANONYMOUS, _ANONYMOUS_MARK = "(anonymous namespace)", "\0"


@cache
def _demangler() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None
    library.__cxa_demangle.restype = ctypes.c_void_p
    library.__cxa_demangle.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)]
    return library


def demangle(name: str) -> str:
    """Return the C++ name; unchanged where it is none, or where the C++ library is missing."""
    library = _demangler()
    if library is None or not name.startswith("_Z"):
        return name
    status = ctypes.c_int()
    address = library.__cxa_demangle(name.encode(), None, None, ctypes.byref(status))
    if status.value != 0 or not address:
        return name
    text = ctypes.string_at(address).decode(errors="replace")
    ctypes.CDLL(None).free(ctypes.c_void_p(address))
    return text


def _head(name: str) -> str:
    """Return a name without return type and parameters, an unnamed namespace as `_ANONYMOUS_MARK`.

    Of a mangled name that no C++ library reads, as Julia's, the function stands behind its length.
    """
    if (mangled := _MANGLED.match(name)) and mangled[2][: int(mangled[1])].isidentifier():
        return mangled[2][: int(mangled[1])]
    text = name.replace(_ANONYMOUS, _ANONYMOUS_MARK)
    depth, start = 0, 0
    for index, character in enumerate(text):
        if character == "<":
            depth += 1
        elif character == ">":
            depth -= 1
        elif character == "(" and depth == 0:
            return text[start:index]
        elif character == " " and depth == 0:
            start = index + 1
    return text[start:]


def base_function(name: str) -> str:
    """Return the function with its namespaces, without return type, template arguments and parameters.

    `void ns::scale<float, 4>(float*, int)` gives `ns::scale`.
    """
    depth, kept = 0, []
    for character in _head(name):
        depth -= character == ">"
        if depth == 0 and character not in "<>":
            kept.append(character)
        depth += character == "<"
    return "".join(kept).replace(_ANONYMOUS_MARK, _ANONYMOUS) or name


def instantiation(name: str) -> str:
    """Return the function's own name with its template arguments, without return type, namespaces and parameters.

    `void ns::scale<float, 4>(float*, int)` gives `scale<float, 4>`.
    """
    text = _head(name.replace("<unnamed>::", "")).replace(f"{_ANONYMOUS_MARK}::", "")
    # nsys writes the type of an integer argument, other tools do not
    text = re.sub(r"\((?:unsigned )?(?:bool|char|short|int|long)(?: long)?\)(?=-?\d)", "", text)
    return re.sub(r"\b\w+::", "", text) or name


def short_name(name: str) -> str:
    """Return the function's own name, without template arguments: `scale`."""
    return instantiation(name).partition("<")[0] or name


def brief_name(name: str) -> str:
    """Return the function's own name with its first template argument: `scale<float, …>`."""
    text, depth = instantiation(name), 0
    for index, character in enumerate(text):
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 1:
            return f"{text[:index]}, …>"
    return text
