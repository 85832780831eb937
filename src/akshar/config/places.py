"""Config keys that say where something lies, which may change between runs of one experiment."""

# Copies of the same data, wherever they lie
COPIES = ("data.archive", "data.url", "data.cache_dir")
# What may be something else at another place; its digest tells
SOURCES = ("data.root", "data.file", "init_from")
PLACES = (*COPIES, *SOURCES)


def without_places(data: dict[str, object]) -> dict[str, object]:
    """Copy the values of a config's `data` without those that name a place."""
    return {key: value for key, value in data.items() if f"data.{key}" not in PLACES}
