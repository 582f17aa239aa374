"""Why an import refuses."""

from __future__ import annotations

from server.errors import InvalidArgument, NotFound


class ImportNotFound(NotFound):
    """No such import, or another vendor's."""

    message = "There is no import {import_id}."


class FileTooLarge(InvalidArgument):
    """The file has more bytes than an import takes."""

    message = "The file has more than {limit} bytes: split it."


class InvalidFile(InvalidArgument):
    """The file cannot be read as one of products."""

    message = "The file cannot be imported: {problem}."
    prose = ("problem",)
