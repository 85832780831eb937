"""Picture files -> arrays that a network reads: decoding, finding ink, framing; without torch."""
