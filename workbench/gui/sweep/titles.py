"""The names of methods for people, looked up once: listing all methods reads every bundle on disk."""

from functools import lru_cache

from workbench.evaluation.tables import method_titles


@lru_cache(maxsize=32)
def titles_of(methods: tuple[str, ...]) -> dict[str, str]:
    """Return `workbench.evaluation.tables.method_titles`; `titles_of.cache_clear` after methods changed."""
    return method_titles(methods)
