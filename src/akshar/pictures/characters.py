"""Reads the characters on a picture, framed for a network."""

from akshar.errors import DataError
from akshar.pictures.decode import MAX_PIXELS, Picture, decode_for, picture_name
from akshar.pictures.framing import FramedPicture, frame_picture
from akshar.pictures.input_spec import InputSpec
from akshar.pictures.line_old import cut_line


def read_characters(
    picture: Picture, spec: InputSpec, line: bool = False, most: int = MAX_PIXELS
) -> list[FramedPicture]:
    """Decode a picture and frame what is on it.

    Args:
        picture: a path, a file's content, a Pillow image or an array, see `decode`.
        spec: of the network that will read it.
        line: whether the picture is a row of separate characters.
        most: pixels allowed.

    Returns:
        One framed picture; for a row any number, from left to right.

    Raises:
        DataError: not a picture, or too many marks for a row; the message names the file.
        UsageError: `line`, with a spec that does not frame by ink.
    """
    values = decode_for(picture, spec, most)
    if not line:
        return [frame_picture(values, spec)]
    try:
        return cut_line(values, spec)
    except DataError as error:
        raise DataError(f"{picture_name(picture)}: {error}") from error
