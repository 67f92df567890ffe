"""A function's log file: what it prints, between Lambda's own lines."""

from pathlib import Path


class FunctionLog:
    """Appends to `<directory>/<function>.log`; the function's processes write to `file` themselves."""

    def __init__(self, directory: Path, function_name: str, memory_mb: int) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / f"{function_name}.log"
        self.file = self.path.open("ab", buffering=0)
        self._memory_mb = memory_mb

    def start(self, request_id: str) -> None:
        """An invocation begins."""
        self._write(f"START RequestId: {request_id} Version: $LATEST")

    def end(self, request_id: str, *, duration_seconds: float, init_seconds: float | None, failed: bool) -> None:
        """An invocation is over; `init_seconds` when it was the environment's first."""
        init = "" if init_seconds is None else f"\tInit Duration: {init_seconds * 1000:.2f} ms"
        status = "\tStatus: error" if failed else ""
        self._write(f"END RequestId: {request_id}")
        self._write(
            f"REPORT RequestId: {request_id}\tDuration: {duration_seconds * 1000:.2f} ms"
            f"\tMemory Size: {self._memory_mb} MB{init}{status}"
        )

    def close(self) -> None:
        """Close the file; processes that have inherited it keep theirs."""
        self.file.close()

    def _write(self, line: str) -> None:
        self.file.write(f"{line}\n".encode())
