"""Reads the characters on a picture, framed for a network."""

from akshar.errors import DataError
from akshar.pictures.decode import MAX_PIXELS, Picture, decode_for, picture_name
from akshar.pictures.framing import FramedPicture, frame_picture
from akshar.pictures.input_spec import InputSpec
from akshar.pictures.line.cells import Cell, find_cells


def read_character(picture: Picture, spec: InputSpec, most: int = MAX_PIXELS) -> FramedPicture:
    """Decode a picture of one character and frame it.

    Args:
        picture: a path, a file's content, a Pillow image or an array, see `decode`.
        spec: of the network that will read it.
        most: pixels allowed.

    Raises:
        DataError: not a picture; the message names the file.
    """
    return frame_picture(decode_for(picture, spec, most), spec)


def read_row(picture: Picture, spec: InputSpec, most: int = MAX_PIXELS) -> list[Cell]:
    """Decode a picture of a row of characters and frame what may be one; see `read_character`.

    Returns:
        The candidate cells, from left to right, which overlap; none for a blank picture.

    Raises:
        DataError: not a picture, or too many marks for a row; the message names the file.
        UsageError: the spec does not frame by ink.
    """
    values = decode_for(picture, spec, most)
    try:
        return find_cells(values, spec)
    except DataError as error:
        raise DataError(f"{picture_name(picture)}: {error}") from error
