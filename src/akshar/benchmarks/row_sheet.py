"""A sheet of composed rows with the cells that are found, and what is read in them.

Run: `python -m akshar.benchmarks.row_sheet FILE.png [MODEL] [--seed 1]`.
"""

import argparse
from collections.abc import Sequence

from PIL import Image, ImageDraw

from akshar.benchmarks.rows import compose
from akshar.benchmarks.written_rows import WrittenRow
from akshar.devanagari.cards import FONT
from akshar.pictures.text import caption_font, draw_text
from akshar.plots.style import RIGHT, WRONG
from akshar.reader.reader import Answer, load

KINDS = (
    "uneven",
    "touching",
    "climbing",
    "broken strokes",
    "all at once",
    "dates, telephones",
    "letters",
    "one headline",
)
COLUMNS = 2
WIDTH, HEIGHT, MARGIN = 560, 180, 12  # of a tile, pixels
CAPTION = 26  # size of its text, pixels


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the first row of each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE.png")
    parser.add_argument("model", nargs="?", default="letters58", help="see `akshar predict`")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    reader = load(args.model)
    rows = compose("check", 1, args.seed)
    sheet = Image.new("RGB", (COLUMNS * WIDTH, -(-len(KINDS) // COLUMNS) * HEIGHT), "white")
    for number, kind in enumerate(KINDS):
        (row,) = rows[kind]
        place = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
        sheet.paste(_tile(row, reader.read_line(row.picture)), place)
    sheet.save(args.file)


def _tile(row: WrittenRow, answers: Sequence[Answer]) -> Image.Image:
    picture = Image.fromarray(row.picture).convert("RGB")
    room = WIDTH - 2 * MARGIN, HEIGHT - 3 * MARGIN - CAPTION
    zoom = min(room[0] / picture.width, room[1] / picture.height)
    picture = picture.resize((round(picture.width * zoom), round(picture.height * zoom)), Image.Resampling.BICUBIC)
    tile = Image.new("RGB", (WIDTH, HEIGHT), "white")
    tile.paste(picture, (MARGIN, MARGIN))
    pencil = ImageDraw.Draw(tile)
    read = [answer.guesses[0].letter if answer.guesses else "?" for answer in answers]
    colour = RIGHT if read == list(row.text) else WRONG
    for answer in answers:
        if answer.box:
            pencil.rectangle([MARGIN + round(side * zoom) for side in answer.box], outline=colour, width=2)
    text = " ".join(read)
    caption = Image.fromarray(draw_text(caption_font(text, FONT), text, size=CAPTION))
    ink = Image.new("RGB", caption.size, colour)
    tile.paste(ink, (MARGIN, MARGIN + picture.height + 6), caption)
    return tile


if __name__ == "__main__":
    main()
