"""Imports of targets: the error that a person sees is that of the module, not of its name."""

import pytest

from akshar.config.import_target import import_target

MODULES = {
    "needs": "import not_installed_here\nclass Part: pass\n",
    "fails": "undefined\nclass Part: pass\n",
    "migrated": "from lightning import LightningModule\n",
    "nested": "class Outer:\n    class Inner: pass\n",
}


@pytest.fixture(autouse=True)
def package(workplace, monkeypatch):
    (workplace / "own_imports").mkdir()
    (workplace / "own_imports" / "__init__.py").write_text("")
    for name, code in MODULES.items():
        (workplace / "own_imports" / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(workplace)


def test_a_name_in_a_module_is_found():
    assert import_target("own_imports.nested.Outer.Inner").__name__ == "Inner"


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ("own_imports.needs.Part", ImportError, "No module named 'not_installed_here'$"),
        ("own_imports.fails.Part", NameError, "name 'undefined' is not defined"),
        ("own_imports.migrated.Part", ImportError, "akshar uses pytorch_lightning: import its classes from there$"),
        ("own_imports.nested.Other", AttributeError, "module 'own_imports.nested' has no attribute 'Other'"),
        ("own_imports.missing.Part", AttributeError, "module 'own_imports' has no attribute 'missing'"),
        ("nowhere.Part", ImportError, "No module named 'nowhere'; install it, or put its folder on PYTHONPATH"),
    ],
)
def test_an_error_is_the_module_s_own(target, error, message):
    with pytest.raises(error, match=message):
        import_target(target)
