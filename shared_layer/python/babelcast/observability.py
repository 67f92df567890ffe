"""Logs and metrics of a function: structured, and free of speech text, tokens and keys.

Metrics are written in CloudWatch's embedded metric format, one line per invocation, with the dimension ``service``
and in the namespace of the stage, which is the environment's ``POWERTOOLS_METRICS_NAMESPACE``. docs/observability.md
lists them.
"""

import functools
from collections.abc import Callable
from typing import Any, Final, NoReturn

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from babelcast.domain.caller import Caller
from babelcast.domain.errors import BabelcastError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import SessionId
from babelcast.domain.session_step import SessionStep

_MAX_VALUES: Final = 90
"""Embedded metric format takes 100 values per metric; more are thinned out by flushing."""

_UNAUTHORIZED: Final = ("Unauthorized",)
"""What API Gateway reads in an authorizer's error to answer 401: a fixed text, which goes out as it is."""

# Where a line was written is always here; failures say `at` themselves.
logger = Logger(location=None)


class InvocationFailedError(Exception):
    """What Lambda is told of an error that no edge answers; the message is the error's type."""


Handler = Callable[[dict[str, Any], Any], Any]


class EmfMeter:
    """`babelcast.ports.Meter` in embedded metric format; written when the invocation ends."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._by_language: dict[tuple[str, LanguageCode], int] = {}
        self._values = 0

    @functools.cached_property
    def _metrics(self) -> Metrics:
        # Importing a handler needs no environment; its first measurement does.
        return Metrics()

    def count(self, name: str, value: int = 1, *, language: LanguageCode | None = None) -> None:
        """See the port."""
        self._counts[name] = self._counts.get(name, 0) + value
        if language is not None:
            key = name, language
            self._by_language[key] = self._by_language.get(key, 0) + value

    def duration_ms(self, name: str, value: float) -> None:
        """See the port."""
        self._add(name, MetricUnit.Milliseconds, value)

    def level(self, name: str, value: float) -> None:
        """See the port."""
        self._add(name, MetricUnit.NoUnit, value)

    def _add(self, name: str, unit: MetricUnit, value: float) -> None:
        self._metrics.add_metric(name=name, unit=unit, value=value)
        self._values += 1
        if self._values >= _MAX_VALUES:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected."""
        counts, self._counts = self._counts, {}
        for name, value in counts.items():
            self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        if counts or self._values:
            self._metrics.flush_metrics()
        self._values = 0
        by_language, self._by_language = self._by_language, {}
        for (name, language), value in by_language.items():
            # A line has one set of dimensions, and one value of each metric.
            with single_metric(
                name=name, unit=MetricUnit.Count, value=value, default_dimensions={"language": language}
            ):
                pass


meter: Final = EmfMeter()


class LogJournal:
    """`babelcast.ports.Journal` as lines of the function's log, which `scripts/tail_logs.py` puts together."""

    def note(self, step: SessionStep, session_id: SessionId, **details: int | str) -> None:
        """See the port."""
        logger.info(step.value, extra={"session_id": session_id, **details})

    def note_caller(self, step: SessionStep, caller: Caller, **details: str) -> None:
        """A step of one connection."""
        role = caller.grant.role
        self.note(step, caller.session_id, role=role, connection_id=caller.connection_id, **details)


journal: Final = LogJournal()


def observed(handler: Handler) -> Handler:
    """Log what escapes a handler by its type alone, and write the invocation's metrics.

    Lambda logs the message of an error and answers with it, and a library's may quote what was said, so that
    `InvocationFailedError` takes its place.
    """

    @functools.wraps(handler)
    def wrapper(event: dict[str, Any], context: Any) -> Any:
        logger.append_keys(request_id=getattr(context, "aws_request_id", None))
        try:
            return handler(event, context)
        except InvocationFailedError:
            raise
        except Exception as error:
            if error.args == _UNAUTHORIZED:
                raise
            give_up(error)
        finally:
            meter.flush()

    return wrapper


def give_up(error: Exception, **ids: object) -> NoReturn:
    """Fail the invocation because of an error, which is logged without its data.

    Raises:
        InvocationFailedError: Always.
    """
    log_failure(error, **ids)
    raise InvocationFailedError(type(error).__name__) from None


def log_failure(error: BaseException, **ids: object) -> None:
    """Log an error that an edge has answered: its type, its code, what caused it and where, never its data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else None
    code = error.code if isinstance(error, BabelcastError) else None
    cause = type(error.__cause__).__name__ if error.__cause__ else None
    logger.error("failure", extra={"error": type(error).__name__, "code": code, "cause": cause, "at": where, **ids})
