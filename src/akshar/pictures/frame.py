"""How a character lies in the 32x32 that every network of the project reads."""

from akshar.pictures.input_spec import InputSpec

SIDE = 32  # pixels; every image of the project is SIDE x SIDE
BORDER = 2  # pixels of background on each side
BOX = SIDE - 2 * BORDER  # DHCD stretches a character to the 28 x 28 inside
MEAN = STD = 0.5  # of the normalisation of [0, 1] to [-1, 1]

# How images reach the net in this version; a model says how they reached the one that it holds.
PREPROCESSING = {"side": SIDE, "border": BORDER, "ink": "white on black", "mean": MEAN, "std": STD}
SPEC = InputSpec.from_record(PREPROCESSING)
