"""The transport's log lines: who, how long, what kind of failure and where; never what anybody sent."""

import structlog

log = structlog.get_logger("incamera.transport")


def failure(event: str, error: BaseException, **fields: object) -> None:
    """One line for a contained failure: its type and where it was raised. Its text might quote what a user sent."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    log.error(event, error=type(error).__name__, at=_origin(error), **fields)


def _origin(error: BaseException) -> str:
    """``module:line``."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
