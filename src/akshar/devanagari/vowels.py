"""Pen strokes of the twelve vowels, put together from the parts that they share.

The notation is that of `strokes.FORMS`, with two additions. A form may be larger than 20 by 20: the headline is at
y=0 and marks are above it, at negative y. A stroke of one point is a dot.

Drawn from what manuals teach (docs/signs.md names them), not from pictures of handwritten vowels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

COUNT = 40  # forms of each vowel; parts are combined in turn, not all with all
TOP_1, TOP_2 = 15, 22  # x of the first and second upright


@dataclass(frozen=True)
class Hand:
    """The parts that some people write.

    Attributes:
        a: अ without upright and headline.
        i, u, e: इ, उ and ए without headline.
        hooks: what makes ई of इ.
        loops: what makes ऊ of उ.
        slants, pairs: the one mark of ऐ and ओ, the two of औ; relative to the top of the stroke that they stand on.
        dots, colons: of अं and अः.
    """

    a: Sequence[str]
    i: Sequence[str]
    u: Sequence[str]
    e: Sequence[str]
    hooks: Sequence[str]
    loops: Sequence[str]
    slants: Sequence[str]
    pairs: Sequence[str]
    dots: Sequence[str]
    colons: Sequence[str]

    def forms(self) -> dict[str, tuple[str, ...]]:
        """Forms of each vowel."""
        short = ("11,0 20,0", "9,0 19,0", "12,0 18,0", "H", "")
        long = ("11,0 25,0", "H", "9,0 24,0", "12,0 24,0", "")
        first, second = f"{TOP_1},0 {TOP_1},20", f"{TOP_2},0 {TOP_2},20"
        whole = ("H", "1,0 18,0", "3,0 17,0")
        over_e = [_moved(slant, x) for x in (13, 10, 14) for slant in self.slants]
        on_upright = [[_moved(mark, TOP_2) for mark in marks] for marks in (self.slants, self.pairs)]
        forms = {
            "अ": _joined(self.a, short, (first,)),
            "आ": _joined(self.a, long, (first,), (second,)),
            "इ": _joined(self.i, whole),
            "ई": _joined(self.i, whole, self.hooks),
            "उ": _joined(self.u, whole),
            "ऊ": _joined(self.u, ("H", "2,0 17,0"), self.loops),
            "ए": _joined(self.e, whole),
            "ऐ": _joined(self.e, whole, over_e),
            "ओ": _joined(self.a, long, (first,), (second,), on_upright[0]),
            "औ": _joined(self.a, long, (first,), (second,), on_upright[1]),
            "अं": _joined(self.a, short, (first,), self.dots),
            "अः": _joined(self.a, short, (first,), self.colons),
        }
        return {letter: tuple(islice(endless, COUNT)) for letter, endless in forms.items()}


def _joined(*parts: Sequence[str]) -> Iterator[str]:
    """Put one of each part together, in turn, without end."""
    for chosen in zip(*map(cycle, parts), strict=True):
        yield "/".join(part for part in chosen if part)


def _moved(form: str, x: float) -> str:
    """Move a form to the right."""
    return "/".join(
        " ".join(f"{float(point.split(',')[0]) + x:g},{point.split(',')[1]}" for point in stroke.split())
        for stroke in form.split("/")
    )


_COMMON = Hand(
    a=(
        "1,4 5,0 10,3 5,8/5,8 11,12 8,18 0,16/9,8 15,9",
        "0,3 5,1 9,4 4,9 10,12 8,19 2,18 0,14/8,9 15,8",
        "1,3 8,1 9,5 5,8 3,8/5,8 10,11 9,17 4,19 0,15/9,9 12,12 15,9",
        "2,2 8,0 10,4 6,8/4,8 11,11 10,17 3,20 0,17/6,8 15,8",
        "8,0 8,6 12,11 15,9/1,7 5,6 7,9 2,13/9,13 4,17",
        "1,1 9,1 4,8 9,10 10,16 1,18/8,9 15,10",
        "1,4 5,0 9,3 6,8 4,7 6,6 10,12 7,19 0,15/9,9 15,9",
        "1,3 6,0 9,4 5,8/5,8 10,11 9,18 3,19 0,15/10,12 12,9 15,6",
        "2,3 6,1 8,4 4,7/4,7 12,10 11,18 4,20 0,16/10,8 15,7",
        "3,4 6,2 8,5 4,8 11,11 10,19 3,19 0,14/9,9 15,9",
        "9,0 9,6 12,9 15,7/0,9 6,7 7,10 1,15/9,12 3,19",
        "1,4 6,0 10,4 4,9/4,9 10,11 10,17 5,20 0,18/8,10 15,10",
        "1,2 8,2 5,8/5,8 10,10 9,17 1,18/10,12 15,11",
    ),
    i=(
        "10,0 10,4/10,4 3,5 3,9 10,9/10,9 16,11 14,16 7,17 4,15 7,13 11,16 15,21",
        "9,0 4,3 5,8 12,8/12,8 16,12 12,16 5,17 4,14 8,13 14,20",
        "10,0 9,4 3,5 4,9 11,9 15,12 11,16 5,16 4,13/7,16 14,22",
        "10,0 10,4 3,6 4,10 11,9/11,9 15,13 10,17 4,16 5,13 9,14",
        "9,0 9,4 3,4 3,9 12,9/12,9 15,13 8,16 3,15 5,13/8,16 10,22",
        "11,0 4,4 4,9 13,9 14,14 6,17 3,14 8,13 12,19",
        "10,0 10,5 4,5 4,10 13,10/13,10 14,15 5,17 3,14 7,14 10,17 10,20",
    ),
    u=(
        "11,0 12,4 7,8/7,8 14,10 13,18 6,20 1,15",
        "12,0 12,5 6,8 13,11 12,18 6,19 2,14",
        "10,0 14,3 12,7 7,8/7,8 15,11 14,18 7,20 1,16",
        "13,0 12,6 6,7/7,7 14,11 10,19 3,18 1,13",
        "12,0 12,6 6,8/6,8 14,10 13,18 5,19 1,14",
        "9,0 13,2 7,8 13,11 10,19 2,17",
        "12,0 11,6 7,8 6,6 9,7 14,11 12,18 6,20 1,17",
        "11,0 13,4 6,9 13,12 11,18 1,17",
    ),
    e=(
        "4,0 4,9 16,20/14,0 14,8 9,11",
        "4,0 4,7 8,12 14,9 14,0/7,11 14,20",
        "3,0 3,9 9,14 16,20/15,0 15,8 10,9",
        "5,0 4,8 8,11 14,8/14,0 14,8/8,11 15,17 13,20",
        "4,0 3,7 7,11 13,8/14,0 13,9/7,11 17,19",
        "3,0 4,9 10,12 15,8 15,0/9,12 17,20",
        "4,0 4,10 11,14 16,18 14,20/14,0 13,9 8,9",
        "5,0 5,8 11,10 14,0/6,9 15,20",
    ),
    hooks=(
        "10,0 8,-5 11,-8 15,-7",
        "9,0 9,-4 13,-8 16,-6",
        "11,0 8,-3 9,-7 14,-8 15,-5",
        "8,-3 10,-8 16,-7",
        "12,0 11,-5 14,-8 18,-7",
        "13,0 14,-5 19,-6",
        "10,0 15,-8",
        "10,0 7,-5 10,-9 13,-6",
    ),
    loops=(
        "11,10 16,6 20,9 19,14",
        "12,12 15,7 20,8 20,14 17,15",
        "9,8 15,6 20,9 18,15",
        "13,13 16,7 21,9 20,15 17,16",
        "8,8 14,10 18,6 21,9 19,14",
    ),
    slants=(
        "0,0 -2,-5 -7,-8",
        "0,0 -7,-8",
        "0,0 -1,-5 -6,-9",
        "1,-1 -5,-9",
        "-1,-3 -7,-8",
        "0,0 1,-4 -3,-8 -7,-7",
        "0,0 -3,-9",
    ),
    pairs=(
        "0,0 -4,-4 -10,-5/0,0 0,-6 -5,-11",
        "0,0 -9,-5/0,0 -3,-11",
        "-2,-1 -9,-7/3,-2 -3,-10",
        "-5,0 -10,-7/1,0 -4,-8",
        "0,0 -3,-4 -10,-4/0,0 2,-6 -3,-11",
        "0,0 0,-6 -5,-10/-6,0 -7,-5 -11,-8",
        "-6,-1 -11,-7/1,-1 -3,-8",
    ),
    dots=("15,-6", "12,-6", "17,-6", "10,-7", "15,-9", "18,-8"),
    colons=("21,6/21,14", "20,5/20,13", "23,6/23,14", "21,8/21,16", "22,3/22,12"),
)
_OTHER = Hand(
    a=(
        "2,1 7,1 9,4 6,7/6,7 10,8 12,13 9,17 1,18/9,8 12,6 15,8",
        "1,5 4,1 9,2 8,6 4,8 9,9 11,14 7,18 2,19/10,10 15,10",
        "9,0 8,6 11,11 15,9/0,7 5,6 7,9 3,14/9,13 4,19",
        "0,2 7,0 9,3 3,8/3,8 9,11 8,15 2,20/7,9 11,10 15,7",
    ),
    i=(
        "9,0 8,4 2,6 5,10 12,10 15,15 9,18 4,15 8,13 12,17 13,22",
        "12,0 5,3 3,7 9,9 14,10 14,16 6,18 5,14 10,14",
        "10,0 10,3 2,5 6,9 14,10 11,16 4,15/9,16 9,19 13,22",
    ),
    u=(
        "13,0 13,4 8,7 5,7/8,7 14,9 15,14 10,19 2,18",
        "10,0 12,3 8,8 6,8 12,10 14,15 9,20 1,14",
        "15,0 14,5 7,9/7,9 12,9 15,13 12,19 4,20 2,17",
    ),
    e=(
        "4,0 3,6 5,11 11,11 15,6 14,0/9,12 13,16 17,20",
        "5,0 4,10 10,13 18,19/13,0 14,6 11,10 8,9",
        "3,0 5,7 12,10 13,0/6,8 9,14 14,18 12,21",
    ),
    hooks=("11,0 9,-3 10,-8 15,-8", "12,-2 11,-6 16,-8", "9,0 8,-7 14,-7"),
    loops=("10,9 14,5 19,6 20,11 17,13", "12,14 15,8 19,9 18,16", "9,9 17,8 21,11 19,17"),
    slants=("0,0 -4,-4 -6,-9", "-2,-2 -5,-8", "0,0 -3,-7 -8,-9"),
    pairs=("0,0 -4,-5 -10,-8/1,0 1,-6 -2,-12", "-5,0 -11,-8/1,-1 -3,-10", "0,0 -9,-7/3,0 1,-11"),
    dots=("13,-8", "19,-6", "14,-5"),
    colons=("21,5/22,15", "24,7/23,13", "20,7/21,15"),
)
VOWEL_FORMS = _COMMON.forms()
# Not used for training
HELD_OUT_FORMS = _OTHER.forms()
