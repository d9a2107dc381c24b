import shutil
import sqlite3
from contextlib import closing

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/nsys" in str(item.path):
            item.add_marker(pytest.mark.nsys)
            if shutil.which("nsys") is None:
                item.add_marker(pytest.mark.skip(reason="nsys is not on PATH"))


@pytest.fixture
def query():
    """Ask an export; texts that are no UTF-8 do not stop it."""

    def ask(path, sql):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            return connection.execute(sql).fetchall()

    return ask
