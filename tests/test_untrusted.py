"""Records from elsewhere: what is plain is read, everything else is an error, and none of it ends the process."""

import pytest
import yaml

from akshar import untrusted
from akshar.untrusted import parse_yaml

PLAIN = [
    "a: 1\nb: [1, 2.5, yes, null, '3']\nc: {d: e}\nf: |\n  two\n  lines\ng: &x [1]\nh: *x\n",
    "नाम: चित्र\n? [1, 2]\n: x\n" * 1,
    "",
    "- - - 1\n-\n  - 2\n",
    "a: 1e-3\nb: 0x10\nc: 1_000\nd: .inf\ne: ~\nf: 010\ng: 1:30\n",
    yaml.safe_dump({f"key{number}": {"list": [*range(20)]} for number in range(50)}),
]
WRONG = [
    "a: !!python/object/apply:os.system [ls]",
    "a: {<<: {b: 1}}",
    "a: 2001-01-01",
    "a: [1",
    "a: b: c",
    "\t- x",
    "a: &a [*a]",
    "{" * 400,
    "[" * 2_000 + "]" * 400,
    "- " * 4_000 + "1",
    "? " * 4_000,
    "\n".join(" " * number + "-" for number in range(600)),
    "\n".join(" " * number + f"k{number}:" for number in range(600)) + " 1",
    "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(f"k{n}: &k{n} [{','.join(['*a'] * 9)}]\n" for n in range(3)) * 400,
]


@pytest.mark.parametrize("text", [*PLAIN, *WRONG], ids=range(len(PLAIN) + len(WRONG)))
def test_the_fast_reader_reads_what_the_other_does(text, monkeypatch):
    def outcome():
        try:
            return repr(parse_yaml(text))
        except ValueError:
            return "refused"

    fast = outcome()
    monkeypatch.setattr(untrusted, "_FastLoader", untrusted._Loader)
    assert fast == outcome()


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_what_is_nested_deeply_or_not_plain_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_yaml(text)
