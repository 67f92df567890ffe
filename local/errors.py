"""Errors that a person at the command line can act on: each is one line, without a traceback."""


class UserError(Exception):
    """Root of the errors that commands show.

    Attributes:
        exit_status: Of the command: 1 for a failure, 2 for wrong input.
    """

    exit_status: int = 1


class WrongInputError(UserError):
    """What the user gave is wrong: a file, a language, a session, an option."""

    exit_status = 2
