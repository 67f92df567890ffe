"""What the functions' layers are made of: which packages, which code of ours, and what of the packages stays out.

Left out is what no function loads: tests, headers, type stubs, manual pages, and the descriptions of AWS services that
Babelcast does not call, of which botocore brings more than 400. Every import of every function is carried out in the
packages without it (`scripts/check_packages.py`), and the whole system runs from them in
``tests/system/test_packaged.py``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent

AWS_SERVICES: Final = ("dynamodb", "kinesis", "lambda", "polly", "s3", "translate")
"""What clients of boto3 are made for, by their names in botocore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer.

    Attributes:
        name: Of its directory among the built layers.
        requirements: The pinned packages, with hashes.
        own_code: A package of ours that goes with them, None without one.
        left_out: Files and directories of the packages that stay out; globs, relative to ``python/``.
        kept: What stays although a glob names it.
    """

    name: str
    requirements: Path
    own_code: Path | None = None
    left_out: tuple[str, ...]
    kept: tuple[str, ...] = ()


SHARED: Final = Layer(
    name="shared",
    requirements=ROOT / "requirements" / "layer.txt",
    own_code=ROOT / "shared_layer" / "python" / "babelcast",
    left_out=("bin", "share", "botocore/data/*/", "**/*.pyi"),
    kept=tuple(f"botocore/data/{service}" for service in AWS_SERVICES),
)
"""Every function's."""

SIGNAL: Final = Layer(
    name="signal",
    requirements=ROOT / "requirements" / "signal-layer.txt",
    left_out=(
        "bin",
        "**/tests",
        "**/*.pyi",
        "**/*.pxd",
        "numpy/_core/include",
        "numpy/_core/lib",
        "numpy/_core/*_tests.*.so",
        "numpy/_core/_simd.*.so",  # numpy's own tests of its vector instructions
        "numpy/_core/cversions.py",
        "numpy/_configtool.py",
        "numpy/_pyinstaller",
        "numpy/conftest.py",
        "numpy/f2py",
        "numpy/ma/testutils.py",
        "numpy/matlib.py",
        "numpy/random",
        "numpy/testing",
        "numpy/typing/mypy_plugin.py",
    ),
)
"""The audio processor's besides. numpy loads ``random``, ``f2py`` and ``testing`` only when asked for them by name."""

LAYERS: Final = (SHARED, SIGNAL)
