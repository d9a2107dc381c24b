"""Programs are started, watched, and ended together with everything they started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from profiler.capture.process import describe_exit, run_process
from profiler.errors import CaptureError, ToolMissingError

GRANDCHILD = ("sh", "-c", 'setsid sleep 600 & echo $! > "$0"; echo started; eval "$1"')
"""Starts a program in a session of its own, writes its id into the first argument, and then does the second."""


def python(code, *args):
    return [sys.executable, "-c", code, *args]


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_output_goes_to_the_log_the_callback_and_the_result(tmp_path):
    lines = []
    code = "import sys; print('out'); sys.stdout.flush(); print('err', file=sys.stderr); sys.exit(3)"
    result = run_process(python(code), log=tmp_path / "logs" / "x.log", on_line=lines.append)
    assert (result.returncode, result.stopped) == (3, "")
    assert lines == ["out", "err"] == list(result.last_lines)
    assert (tmp_path / "logs" / "x.log").read_text() == "out\nerr\n" == result.output


def test_carriage_returns_end_lines_and_a_last_line_needs_no_end():
    lines = []
    run_process(python(r"print('a\rb\r\nc\n\nd', end='')"), on_line=lines.append)
    assert lines == ["a", "b", "c", "d"]


def test_output_that_is_no_text_does_not_stop_it():
    result = run_process(python(r"import os; os.write(1, b'\xff\xfe\x00ok\n')"))
    assert result.returncode == 0
    assert result.last_lines[0].endswith("ok")


def test_environment_and_folder_are_passed(tmp_path):
    result = run_process(python("import os; print(os.environ['PROBE'], os.getcwd())"), environment={"PROBE": "7"}, folder=tmp_path)
    assert result.last_lines == (f"7 {tmp_path}",)


@pytest.mark.parametrize("how", ["time-out", "watch", "interrupted"])
def test_ending_takes_grandchildren_of_other_sessions_along(tmp_path, until, how):
    pid_file = tmp_path / "pid"

    lines = []

    def interrupt(line):
        lines.append(line)
        # once, as Ctrl-C: the program's own last words, which come afterwards or not at all, are no second one
        if how == "interrupted" and len(lines) == 1:
            raise KeyboardInterrupt

    result = run_process(
        [*GRANDCHILD, str(pid_file), "sleep 600"],
        timeout_s=3.0 if how == "time-out" else None,
        watch=(lambda: "looked bad" if pid_file.exists() and pid_file.read_text() else "") if how == "watch" else None,
        on_line=interrupt,
        grace_s=0.5,
    )
    assert result.stopped == {"time-out": "time-out", "watch": "looked bad", "interrupted": "interrupted"}[how]
    assert result.returncode != 0
    until(lambda: not is_running(int(pid_file.read_text())))


def test_a_program_that_ignores_signals_is_killed():
    result = run_process(["sh", "-c", "trap '' INT TERM; sleep 600"], timeout_s=3.0, grace_s=0.4)
    assert (result.stopped, result.returncode) == ("time-out", -9)


def test_what_a_killed_program_started_does_not_stay(tmp_path, until):
    pid_file = tmp_path / "pid"
    result = run_process([*GRANDCHILD, str(pid_file), "kill -9 $$"])
    assert result.returncode == -9
    assert describe_exit(result.returncode) == "killed by SIGKILL"
    until(lambda: not is_running(int(pid_file.read_text())))


def test_nothing_outlives_a_killed_profiler(tmp_path, until):
    pid_file = tmp_path / "pid"
    code = "import sys; from profiler.capture.process import run_process; run_process(sys.argv[1:])"
    caller = subprocess.Popen(python(code, *GRANDCHILD, str(pid_file), "sleep 600"), start_new_session=True)
    until(lambda: pid_file.exists() and pid_file.read_text().strip())
    caller.kill()
    caller.wait()
    until(lambda: not is_running(int(pid_file.read_text())))


def test_a_background_process_outlives_a_profiler_that_ended(tmp_path):
    code = "import sys; from profiler.capture.process import run_process; run_process(sys.argv[1:])"
    pid_file = tmp_path / "pid"
    subprocess.run(python(code, *GRANDCHILD, str(pid_file), "true"), check=True)
    kept = int(pid_file.read_text())
    assert is_running(kept)
    os.kill(kept, signal.SIGKILL)


def test_a_background_process_that_holds_the_pipe_does_not_hold_the_call():
    result = run_process(["sh", "-c", "sleep 600 & echo $!"])
    holder = int(result.last_lines[0])
    assert result.returncode == 0
    if is_running(holder):
        os.kill(holder, signal.SIGKILL)


def test_a_missing_program_names_itself_and_the_fix():
    with pytest.raises(ToolMissingError, match="no-such-program: not found") as caught:
        run_process(["no-such-program"])
    assert caught.value.hint


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ToolMissingError, match="nowhere: not found"):
        run_process(["true"], folder=tmp_path / "nowhere")


def test_a_file_that_cannot_be_executed_is_named(tmp_path):
    script = tmp_path / "script"
    script.write_text("text")
    with pytest.raises(ToolMissingError, match="cannot be run"):
        run_process([str(script)])


def test_a_log_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureError, match="cannot write the log"):
        run_process(["true"], log=tmp_path / "file" / "x.log")


def test_arguments_reach_the_program_unchanged_by_any_shell():
    arguments = ["a b", "$HOME", "`id`", "; echo no", "*", "'\""]
    result = run_process(python("import sys; [print(item) for item in sys.argv[1:]]", *arguments))
    assert list(result.last_lines) == arguments


def test_the_own_process_survives_and_keeps_its_descriptors():
    run_process(["true"])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        run_process(["true"])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
