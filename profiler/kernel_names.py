"""Names of kernels as people write them, from the names of the object file."""

from __future__ import annotations

import ctypes
import re
from functools import cache

_LIBRARY = "libstdc++.so.6"


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


def short_name(name: str) -> str:
    """Return the function's own name: without return type, namespaces, template arguments and parameters."""
    depth, kept = 0, []
    text = name.replace("(anonymous namespace)::", "")
    for character in text:
        if character in "<(":
            if character == "(" and depth == 0:
                break
            depth += 1
        elif character in ">)":
            depth -= 1
        elif depth == 0:
            kept.append(character)
    head = "".join(kept).strip()
    return re.split(r"[\s:]+", head)[-1] or name


def base_function(kernel: str) -> str:
    """Return a demangled kernel's function name without return type, template arguments and parameters.

    `void ns::scale<float, 4>(float*, int)` gives `ns::scale`.
    """
    depth, kept = 0, []
    for index, character in enumerate(kernel):
        if character == "<":
            depth += 1
        elif character == ">" and depth:
            depth -= 1
        elif character == "(" and not depth and not kernel.startswith("(anonymous namespace)", index):
            break
        elif not depth:
            kept.append(character)
    words = "".join(kept).strip().replace("(anonymous namespace)", "(anonymous\0namespace)").split(" ")
    return words[-1].replace("\0", " ") if words else kernel


def instantiation(name: str) -> str:
    """Return a kernel's name with its template arguments, without return type, namespaces and parameters.

    `void ns::scale<float, 4>(float*, int)` gives `scale<float, 4>`.
    """
    text = name.replace("(anonymous namespace)::", "").replace("<unnamed>::", "")
    depth, end, start = 0, len(text), 0
    for index, character in enumerate(text):
        if character == "<":
            depth += 1
        elif character == ">":
            depth -= 1
        elif character == "(" and depth == 0:
            end = index
            break
        elif character == " " and depth == 0:
            start = index + 1
    # nsys writes the type of an integer argument, other tools do not
    shown = re.sub(r"\((?:unsigned )?(?:bool|char|short|int|long)(?: long)?\)(?=-?\d)", "", text[start:end])
    return re.sub(r"\b\w+::", "", shown) or name
