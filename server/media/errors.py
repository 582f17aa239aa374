"""Why images are refused."""

from __future__ import annotations

from server.errors import InvalidArgument, NotFound, Unavailable, Violation

FILE = "file"
"""The field that holds what is uploaded."""


class InvalidImage(InvalidArgument):
    """What was uploaded is no image that is taken."""

    message = "{field}: {problem}."
    prose = ("problem",)

    def __init__(self, *, problem: str, field: str = FILE) -> None:
        super().__init__(field=field, problem=problem)
        self.problem = problem
        self.violations = (Violation(field, problem, self.reason),)


class ImageNotFound(NotFound):
    """No such image, or of another product."""

    message = "There is no image {image_id}."


class MediaFileNotFound(NotFound):
    """No file has the name."""

    message = "There is no file {name}."


class MediaAway(Unavailable):
    """What holds the files does not answer, or takes no more."""

    message = "The files of images cannot be reached for a moment; try again."
