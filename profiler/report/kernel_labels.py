"""Kernel names as a page shows them: short, yet different wherever the kernels differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from profiler.kernel_names import instantiation

_RETURN_TYPE = re.compile(r"^(?:static )?void ")


def kernel_label(name: str) -> str:
    """Return one kernel's name with its template arguments, without return type, namespaces, parameters and integer casts.

    `void ns::scale<float, (int)4>(float *, int)` gives `scale<float, 4>`. What is no C++ name, such as `[memcpy DtoH]`, stays.
    """
    is_plain = not any(mark in name for mark in ("(", "<", "::")) or name.startswith("[")
    return name if is_plain else instantiation(name)


def _without_arguments(name: str) -> str:
    return _RETURN_TYPE.sub("", name.rsplit("(", 1)[0]) or name


def kernel_labels(names: Iterable[str]) -> dict[str, str]:
    """Return each distinct name with its label; names that would share one keep their namespaces, else everything.

    Args:
        names: Full names as the tools wrote them.
    """
    distinct = list(dict.fromkeys(str(name) for name in names))
    labels = {name: kernel_label(name) for name in distinct}
    for longer in (_without_arguments, str):
        shared = Counter(labels.values())
        labels |= {name: longer(name) for name in distinct if shared[labels[name]] > 1}
    return labels
