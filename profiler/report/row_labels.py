"""Labels of rows and points as a page shows them: in plain words, without what all of them share."""

from __future__ import annotations

from collections.abc import Sequence

from profiler.point_label import decode_label, in_words
from profiler.report.kernel_labels import kernel_label


def plain_label(label: str) -> str:
    """Return a label in words: `op=swish dtype=fp32 block=64` gives `swish fp32 block 64`."""
    return in_words(_parts(label))


def distinct_labels(labels: Sequence[str]) -> tuple[list[str], str]:
    """Leave out of labels what all of them share.

    Args:
        labels: Labels of points, or a kernel's name followed by its launch configuration.

    Returns:
        One short text per label, in the same order, and what was left out of all, empty when nothing was.
    """
    split = [_parts(label) for label in labels]
    if len(set(labels)) > 1:
        shared = {key: value for key, value in split[0].items() if all(parts.get(key) == value for parts in split)}
        texts = [in_words({key: value for key, value in parts.items() if key not in shared}) for parts in split]
        if all(texts):
            return texts, in_words(shared)
    return [in_words(parts) for parts in split], ""


def _parts(label: str) -> dict[str, str]:
    """Split a label into its pairs; what stands before them, such as a kernel's name, has the key of the empty text."""
    words = label.split(" ")
    first = len(words)
    while first and "=" in words[first - 1]:
        first -= 1
    head = " ".join(words[:first])
    # behind a kernel's parameters its launch may follow, as bare sizes
    end = head.rfind(")") + 1 or len(head)
    return ({"": kernel_label(head[:end]) + head[end:]} if head else {}) | decode_label(" ".join(words[first:]))
