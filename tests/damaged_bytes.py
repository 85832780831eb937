"""Damaged files for Hypothesis, and the check that an error names one of them."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# The same examples each time: what is new is looked for with more of them, not by chance in CI.
FUZZ = settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


def names_only(path, error):
    assert str(path) in str(error)
    assert len(str(error).splitlines()) == 1


@st.composite
def damaged(draw, original):
    """Bytes of a whole file, changed, cut or lengthened somewhere."""
    content = bytearray(original)
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(content) - 1))
        content[place] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(content)))
    return bytes(content[:cut]) if draw(st.booleans()) else bytes(content) + draw(st.binary(max_size=20))
