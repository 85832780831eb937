"""One flipped bit: what a failing disk makes of a file."""


def flip_bit(content: bytes, position: int, bit: int = 0) -> bytes:
    """Return `content` with one bit of the byte at `position` flipped; -1 is the last byte."""
    damaged = bytearray(content)
    damaged[position] ^= 1 << bit
    return bytes(damaged)
