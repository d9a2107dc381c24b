"""What runs beside the GPU, in an interpreter that is not the analysis's, imports little."""

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "profiler"
ALLOWED = set(sys.stdlib_module_names) | {
    "numpy",
    "nvtx",
    "cuda",
    "tensorrt",
    "torch",
    "tensorrt_rtx",
    "tensorrt_rtx_bindings",
    "cupti",
    "profiler",
}
MODULES = (
    *sorted((PACKAGE / "runner").rglob("*.py")),
    *sorted((PACKAGE / "engines").rglob("*.py")),
    *sorted((PACKAGE / "annotate").rglob("*.py")),
    PACKAGE / "kernel_names.py",
    *(PACKAGE / "tools" / "cupti" / f"{name}.py" for name in ("archive", "collector")),
)


def test_only_allowed_packages_are_imported():
    foreign = {str(path.relative_to(PACKAGE)): sorted(_imported(path) - ALLOWED) for path in MODULES}
    assert {name: packages for name, packages in foreign.items() if packages} == {}


def _imported(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0}
    return {name.partition(".")[0] for name in names}


def test_running_a_point_loads_nothing_else():
    code = (
        "import sys; from profiler.runner.command import main; "
        "from profiler.runner import worker, driver_worker; import profiler.annotate; "
        "from profiler.engines import reference, direct, tensorrt; "
        "print(sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in ast.literal_eval(done.stdout)}
    assert not loaded & {
        "pandas",
        "pyarrow",
        "scipy",
        "plotly",
        "rich",
        "typer",
        "connectorx",
        "jinja2",
        "yaml",
        "tomli",
        "cupti",
        "cuda",
        "torch",
    }
