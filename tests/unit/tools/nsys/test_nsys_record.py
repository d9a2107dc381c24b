"""The command line of nsys, what its failures look like, and what its export must not keep."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from profiler.capture.process import ProcessResult
from profiler.capture.request import CaptureRequest, NsysOptions
from profiler.errors import BadExportError, CaptureError, ToolMissingError
from profiler.redaction import REMOVED
from profiler.tools.nsys import export, record
from profiler.tools.nsys.record import NsysRecorder, loses_domains
from profiler.tools.nsys.scrub import is_environment_block, scrub
from profiler.tools.nsys.sqlite_export import SqliteExport
from profiler.tools.nsys.target_tables import silent_domains


@pytest.fixture(autouse=True)
def nsys_path(monkeypatch):
    monkeypatch.setattr(record, "find_nsys", lambda: "/opt/nsys")
    monkeypatch.setattr(export, "find_nsys", lambda: "/opt/nsys")


def argv(**options):
    request = CaptureRequest(command=("./app", "--size", "3"), nsys=NsysOptions(**options))
    plan = NsysRecorder(None).plan(request, Path("raw/nsys"), "capture")
    return list(plan.argv), plan.environment


def test_whole_command_line():
    assert argv() == (
        [
            "/opt/nsys",
            "profile",
            "--trace",
            "cuda,nvtx",
            "--sample",
            "none",
            "--cpuctxsw",
            "none",
            "--cuda-graph-trace",
            "node",
            "--export",
            "sqlite",
            "--force-overwrite",
            "true",
            "--output",
            "raw/nsys/capture",
            "./app",
            "--size",
            "3",
        ],
        {},
    )


def test_options_reach_the_command_line():
    line, environment = argv(trace=("nvtx", "osrt"), capture_range="iteration@profiler")
    text = " ".join(line)
    assert "--trace nvtx,osrt" in text
    assert "--cuda-graph-trace" not in text
    assert "--capture-range nvtx --nvtx-capture iteration@profiler --capture-range-end repeat" in text
    assert environment == {"NSYS_NVTX_PROFILER_REGISTER_ONLY": "0"}
    assert "--cuda-graph-trace graph" in " ".join(argv(cuda_graph_trace="graph")[0])
    assert "--capture-range cudaProfilerApi --capture-range-end none" in " ".join(
        argv(capture_range="cudaProfilerApi", capture_range_end="none")[0]
    )


def test_every_range_of_a_recording_is_exported_in_order(tmp_path):
    for name in ("capture.2.nsys-rep", "capture.10.nsys-rep", "capture.1.sqlite", "capture.1.nsys-rep", "capture-2.nsys-rep"):
        (tmp_path / name).write_text("raw")
    found = export.exports(tmp_path, "capture", Tools())
    assert [path.name for path in found] == ["capture.1.sqlite", "capture.2.sqlite", "capture.10.sqlite"]


def test_without_nsys_the_fix_is_named(monkeypatch):
    monkeypatch.setattr(record, "find_nsys", lambda: None)
    with pytest.raises(ToolMissingError, match="not installed") as caught:
        argv()
    assert "install" in caught.value.hint


@pytest.mark.parametrize(
    ("log", "text"),
    [
        ("unrecognised option '--cuda-graph-tracing'", "does not know an option"),
        ("Executable not found in current directory or standard search paths\n", None),
        ("write failed: No space left on device", "disk is full"),
        ("QdstrmImporter: error while loading shared libraries: libdw.so.1: cannot open", "shared library"),
        ("all is well", None),
    ],
)
def test_known_failures(log, text):
    error = NsysRecorder(None).diagnose(log)
    if text is None:
        assert error is None
    else:
        assert text in error.message
        assert error.hint


def test_error_lines_are_found_among_others():
    assert NsysRecorder(None).remarks("ok\nERROR: no report\n  Error: second\nno ERROR here\n") == ["no report", "second"]


@pytest.mark.parametrize(
    ("capture_range", "text"),
    [("none", "wrote no report"), ("cudaProfilerApi", "cudaProfilerStart"), ("work@mine", "no NVTX range work@mine")],
)
def test_nothing_written_is_an_error_also_after_exit_status_0(tmp_path, capture_range, text):
    request = CaptureRequest(command=("true",), nsys=NsysOptions(capture_range=capture_range))
    with pytest.raises(CaptureError, match=text) as caught:
        NsysRecorder(None).finish(request, tmp_path, None, "capture")
    assert caught.value.hint


class Tools:
    """Stands in for nsys and its importer: does what they do to files, and remembers what was called."""

    def __init__(self, fail=""):
        self.calls, self.fail = [], fail

    def __call__(self, argv, timeout_s):
        self.calls.append(Path(argv[0]).name)
        target = Path(argv[argv.index("--output" if "--output" in argv else "--output-file") + 1])
        if self.fail == self.calls[-1]:
            target.write_text("half")
            return ProcessResult(tuple(argv), 1, "", 0.1, ("ERROR: cannot read the file",))
        target.write_text("whole")
        return ProcessResult(tuple(argv), 0, "", 0.1, ("Generated",))


def test_a_raw_stream_is_imported_and_exported(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "find_importer", lambda nsys: "/opt/QdstrmImporter")
    (tmp_path / "capture.qdstrm").write_text("raw")
    tools = Tools()
    assert export.to_sqlite(tmp_path, "capture", tools) == tmp_path / "capture.sqlite"
    assert tools.calls == ["QdstrmImporter", "nsys"]


def test_a_raw_stream_without_importer_names_the_fix(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "find_importer", lambda nsys: None)
    (tmp_path / "capture.qdstrm").write_text("raw")
    with pytest.raises(ToolMissingError, match="QdstrmImporter"):
        export.to_sqlite(tmp_path, "capture", Tools())


@pytest.mark.parametrize("fail", ["QdstrmImporter", "nsys"])
def test_a_failed_step_leaves_no_half_export(tmp_path, monkeypatch, fail):
    monkeypatch.setattr(export, "find_importer", lambda nsys: "/opt/QdstrmImporter")
    (tmp_path / "capture.qdstrm").write_text("raw")
    with pytest.raises(CaptureError, match="cannot read the file"):
        export.to_sqlite(tmp_path, "capture", Tools(fail))
    assert not (tmp_path / "capture.sqlite").exists()


def test_importer_is_looked_for_beside_nsys(tmp_path):
    nsys = tmp_path / "target-linux-x64" / "nsys"
    importer = tmp_path / "host-linux-x64" / "QdstrmImporter"
    for path in (nsys, importer):
        path.parent.mkdir()
        path.write_text("")
        path.chmod(0o755)
    link = tmp_path / "bin"
    link.symlink_to(nsys)
    assert export.find_importer(str(link)) == str(importer)


def database(path, statements):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements)
        connection.commit()
    return path


NVTX = """CREATE TABLE NVTX_EVENTS (start INTEGER, end INTEGER, eventType INTEGER, text TEXT, domainId INTEGER, globalTid INTEGER);
CREATE TABLE META_DATA_EXPORT (name TEXT, value TEXT);
INSERT INTO META_DATA_EXPORT VALUES ('EXPORT_PRODUCT_VERSION', '{version}');
INSERT INTO NVTX_EVENTS VALUES (1, NULL, 75, 'quiet', 1, 16777217), (2, NULL, 75, 'loud', 2, 16777217), (3, 4, 59, 'x', 2, 16777218),
 (1, NULL, 75, 'twice', 3, 16777217), (1, NULL, 75, 'twice', 4, 16777217), (2, NULL, 34, 'mark', 4, 16777217),
 (1, NULL, 75, 'loud', 2, 33554433);"""


@pytest.mark.parametrize(("version", "noted"), [("2023.4.4.54", True), ("2025.3.1.90", False)])
def test_domains_that_lost_their_ranges_are_noticed(tmp_path, version, noted):
    path = database(tmp_path / "capture.sqlite", NVTX.format(version=version))
    silent = silent_domains(SqliteExport(path))
    assert [text.split("'")[1] for text, _ in silent] == ["loud", "quiet"]
    request = CaptureRequest(command=("true",), nsys=NsysOptions(trace=("nvtx",)))
    _, notes = NsysRecorder(None).finish(request, tmp_path, None, "capture")
    assert [("nvtx 0.2.12" in note and "quiet" in note) for note in notes] == ([False, True] if noted else [])


SECRETS = """
CREATE TABLE META_DATA_CAPTURE (name TEXT, value TEXT);
INSERT INTO META_DATA_CAPTURE VALUES ('PROCESS_0:ENVIRONMENT_VARIABLE', 'API="hunter2-a"'), ('PROCESS_0:COMMAND', './app'),
  ('PROCESS_0:ARGUMENT_0', '--password=hunter2-b'), ('PROCESS_0:ARGUMENT_1', '--api-key'),
  ('PROCESS_0:ARGUMENT_2', 'hunter2-h'), ('PROCESS_0:ARGUMENT_3', '--size'), ('CAPTURE_EVENT_TYPE', 'NvtxEvents'), ('EMPTY', NULL);
CREATE TABLE TARGET_INFO_SYSTEM_ENV (globalVid INTEGER, devStateName TEXT, name TEXT, nameEnum INTEGER, value TEXT);
INSERT INTO TARGET_INFO_SYSTEM_ENV VALUES (1, 'x', 'DeviceEnvironment', 610, 'A=1;TOKEN=hunter2-c'), (1, 'x', 'CpuCores', 1, '2');
CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT);
CREATE TABLE PROCESSES (globalPid INTEGER, pid INTEGER, name TEXT);
INSERT INTO PROCESSES VALUES (16777216, 1, 'init'), (33554432, 2, 'target');
CREATE TABLE ThreadNames (nameId INTEGER, priority INTEGER, globalTid INTEGER);
INSERT INTO ThreadNames VALUES (1, 0, 16777217), (2, 0, 33554433);
CREATE TABLE NVTX_EVENTS (start INTEGER, end INTEGER, eventType INTEGER, text TEXT, domainId INTEGER, globalTid INTEGER);
INSERT INTO NVTX_EVENTS VALUES (1, 2, 59, 'x', 0, 33554433);
"""
STRINGS = {
    1: "PATH=/bin\0TOKEN=hunter2-d\0HOME=/root\0",
    2: "SECRET=hunter2-e\0",
    3: "void kernel<int, (x)0>(float const*)",
    4: "https://user:hunter2-f@host/path",
    5: "loss=0.5\naccuracy=0.9\n",
    6: "PATH=/bin\nHOME=/root\nKEY=hunter2-g\n",
    7: "point op=swish block=256",
}


def test_no_secret_survives_and_nothing_else_changes(tmp_path):
    path = database(tmp_path / "capture.sqlite", SECRETS)
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO StringIds VALUES (?, ?)", STRINGS.items())
        connection.commit()
    scrub(path)
    assert b"hunter2" not in path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        strings = dict(connection.execute("SELECT id, value FROM StringIds"))
        assert {key: strings[key] for key in (3, 5, 7)} == {key: STRINGS[key] for key in (3, 5, 7)}
        assert strings[1] == strings[2] == REMOVED
        assert connection.execute("SELECT name FROM PROCESSES").fetchall() == [("target",)]
        assert connection.execute("SELECT globalTid FROM ThreadNames").fetchall() == [(33554433,)]
        assert connection.execute("SELECT value FROM TARGET_INFO_SYSTEM_ENV WHERE name = 'CpuCores'").fetchall() == [("2",)]
        assert connection.execute("SELECT count(*) FROM NVTX_EVENTS").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [item.name for item in tmp_path.iterdir()] == ["capture.sqlite"]


def test_names_of_ranges_and_kernels_are_data(tmp_path):
    path = database(
        tmp_path / "capture.sqlite",
        """CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT);
        INSERT INTO StringIds VALUES (1, 'point op=moe num_tokens=128'), (2, 'point token=4096'), (3, 'k<token=7>'),
            (4, 'app --token hunter2 num_tokens=128');
        CREATE TABLE NVTX_EVENTS (start INT, end INT, textId INT, globalTid INT);
        INSERT INTO NVTX_EVENTS VALUES (1, 2, 1, 16777217), (3, 4, 2, 16777217);
        CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INT, end INT, demangledName INT, globalPid INT);
        INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (1, 2, 3, 16777216);""",
    )
    scrub(path)
    with closing(sqlite3.connect(path)) as connection:
        assert [value for (value,) in connection.execute("SELECT value FROM StringIds ORDER BY id")] == [
            "point op=moe num_tokens=128",
            "point token=4096",
            "k<token=7>",
            f"app --token {REMOVED} num_tokens=128",
        ]


def test_scrubbing_twice_changes_nothing_more(tmp_path):
    path = database(tmp_path / "capture.sqlite", SECRETS)
    scrub(path)
    with closing(sqlite3.connect(path)) as once:
        kept = list(once.iterdump())
    scrub(path)
    with closing(sqlite3.connect(path)) as twice:
        assert list(twice.iterdump()) == kept


@pytest.mark.parametrize("content", [b"SQLite format 3\0" + b"\xff" * 4000, b"no database at all" * 100])
def test_a_damaged_export_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "capture.sqlite"
    path.write_bytes(content)
    with pytest.raises(BadExportError, match="not a whole nsys export"):
        scrub(path)
    assert path.read_bytes() == content
    assert [item.name for item in tmp_path.iterdir()] == ["capture.sqlite"]


@pytest.mark.parametrize(
    ("text", "is_block"),
    [
        ("A=1\0", True),
        ("A=1;PATH=/bin", True),
        ("a=1;b=2", False),
        ("x", False),
        ("", False),
        ("text\0A=1\0more\0", False),
        ("A=1", False),
    ],
)
def test_environment_blocks(text, is_block):
    assert is_environment_block(text) is is_block


@pytest.mark.parametrize(
    ("nvtx", "nsys", "loses"),
    [
        ("0.2.12", "nsys 2023.4.4", True),
        ("0.2.17", "2023.4.4.54", True),
        ("0.2.11", "nsys 2023.4.4", False),
        ("0.2.17", "nsys 2024.1.1", False),
        ("0.2.17", "nsys", False),
    ],
)
def test_a_package_that_loses_ranges_is_known(nvtx, nsys, loses):
    assert loses_domains(nvtx, nsys) is loses


LAUNCHES = "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (1, {code}), (1, 0), (2, 0)"
COPIES = "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (3, 0), (3, 1)"


@pytest.mark.parametrize(
    ("statements", "text"),
    [
        ((), "no CUDA activity was recorded: nsys found no usable GPU, or the program made no CUDA call"),
        (("GPU",), "no kernel was recorded: the program launched none"),
        (("GPU", "CALLS"), "no kernel was recorded: the program launched none"),
        (("GPU", "CALLS", LAUNCHES.format(code=0)), "the program made 2 launch calls: their GPU records were lost"),
        (("GPU", "CALLS", LAUNCHES.format(code=9)), "1 of 2 launch calls failed"),
        (("CALLS", LAUNCHES.format(code=0)), "the program made 2 launch calls: their GPU records were lost"),
        (("GPU", "CALLS", COPIES), "no GPU work was recorded, though the program made 1 copy calls: their GPU records were lost"),
        (("GPU", "CALLS", COPIES, "COPIES"), "no kernel was recorded: the program launched none"),
        (("GPU", "GRAPHS", "CALLS"), "CUDA graphs were recorded as a whole"),
        (("GPU", "KERNELS"), None),
    ],
)
def test_why_there_is_no_kernel_is_true(tmp_path, statements, text):
    made = {
        "GPU": "CREATE TABLE TARGET_INFO_GPU (id)",
        "CALLS": "CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME (nameId, returnValue)",
        "GRAPHS": "CREATE TABLE CUPTI_ACTIVITY_KIND_GRAPH_TRACE (start)",
        "KERNELS": "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start)",
        "COPIES": "CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start)",
    }
    with closing(sqlite3.connect(tmp_path / "capture.sqlite")) as database:
        database.execute("CREATE TABLE StringIds (id, value)")
        database.execute(
            "INSERT INTO StringIds VALUES (1, 'cudaLaunchKernel_v7000'), (2, 'cudaMalloc_v3020'), (3, 'cudaMemcpy_v3020')"
        )
        for statement in statements:
            database.execute(made.get(statement, statement))
        database.commit()
    request = CaptureRequest(command=("true",), nsys=NsysOptions(trace=("cuda",)))
    _, notes = NsysRecorder(None).finish(request, tmp_path, None, "capture")
    why = [note for note in notes if "recorded" in note]
    assert len(why) == (text is not None) and all(text in note for note in why)
