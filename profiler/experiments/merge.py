"""Joins the result documents of several steps to one, so that readers see the experiment as one recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


def merge_results(documents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return one result document that holds the points of all.

    A label that occurs more than once gets the key `step`, so that no point hides another. What differs between the
    documents beside their points is left as the first has it, digests of engines excepted.

    Args:
        documents: Step to result document, at least one.
    """
    counts = Counter(point["label"] for document in documents.values() for point in document["points"])
    points = []
    for step, document in documents.items():
        for point in document["points"]:
            own = dict(point, engine=point.get("engine") or document.get("engine"))
            if counts[point["label"]] > 1:
                own["label"] = f"{point['label']} step={step}"
                own["attributes"] = {**(point.get("attributes") or {}), "step": step}
            points.append(own)
    first = next(iter(documents.values()))
    engines = {(document.get("digests") or {}).get("engine") for document in documents.values()}
    digests = {**(first.get("digests") or {}), "engine": engines.pop() if len(engines) == 1 else None}
    return {**first, "digests": digests, "steps": list(documents), "points": points}
