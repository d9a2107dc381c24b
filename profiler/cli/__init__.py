"""The command line: one module a verb, loaded here, and the only place that prints errors and sets exit codes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer

from profiler.cli.printing import echo
from profiler.cli.streams import prepare_streams
from profiler.errors import ProfilerError

COMMANDS = {
    "Record": ("run", "experiment", "import_", "demo"),
    "Look": ("list", "show", "metrics", "dashboard", "export", "best"),
    "Compare": ("compare", "ab", "gate", "baseline", "trend", "selftest"),
    "Set up": ("doctor", "build"),
}
"""Panel of the help to verbs: each is a module, whose docstring is the verb's help."""


def _exiting(run: Callable[..., int | None]) -> Callable[..., None]:
    """Make a verb's return value the exit code."""

    @functools.wraps(run)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        raise typer.Exit(run(*args, **kwargs) or 0)

    return wrapped


def build_app() -> typer.Typer:
    """Return the application with every verb."""
    app = typer.Typer(
        name="profiler",
        help="Which launch configuration of a CUDA kernel is fastest, why, and did anything get slower?",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_version_option)
    for panel, verbs in COMMANDS.items():
        for name in verbs:
            module = import_module(f"profiler.cli.{name}")
            app.command(name.strip("_"), help=module.__doc__, rich_help_panel=panel)(_exiting(module.run))
    return app


def _print_version(asked: bool) -> None:
    if asked:
        from profiler import __version__

        echo(f"profiler {__version__}")
        raise typer.Exit


def _version_option(
    version: bool = typer.Option(False, "--version", is_eager=True, callback=_print_version, help="Print the version and stop."),
) -> None:
    """Take the options that stand before a verb; `--version` ends the program in its own callback."""


def report_error(error: ProfilerError) -> int:
    """Print an error and its fix on stderr and return the exit code."""
    echo(f"error: {error.message}", err=True)
    if error.hint:
        echo(f"fix: {error.hint}", err=True)
    return error.exit_code


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit with its code.

    Args:
        argv: Arguments without the program name; those of the process when None.
    """
    prepare_streams()
    try:
        build_app()(args=argv, prog_name="profiler")
    except ProfilerError as error:
        sys.exit(report_error(error))
    except KeyboardInterrupt:
        echo("interrupted", err=True)
        sys.exit(130)
