"""dbt and Great Expectations, loaded beside the stations that do not need them yet: they take seconds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from orchestration.settings import Settings
from orchestration.transform import Transform


class Loading:
    """Loads in a thread of its own, dbt first; an error is raised where what was loaded is asked for.

    Args:
        with_dbt: Whether this process runs dbt; a scheduler may have read the project already.
    """

    def __init__(self, settings: Settings, *, with_dbt: bool) -> None:
        pool = ThreadPoolExecutor(1, thread_name_prefix="loading")
        self._transform = pool.submit(Transform, settings) if with_dbt else None
        self._gates = pool.submit(_import_great_expectations)
        pool.shutdown(wait=False)

    def transform(self) -> Transform | None:
        """dbt, its project parsed; None if it is not loaded here.

        Raises:
            BuildError: dbt cannot read the project.
        """
        return None if self._transform is None else self._transform.result()

    def wait_for_gates(self) -> None:
        """Return once Great Expectations is there."""
        self._gates.result()

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Go on beside a station; if it fails, load no more than has begun: the process waits for that."""
        try:
            yield
        except BaseException:
            self._gates.cancel()
            raise


def _import_great_expectations() -> None:
    import expectations.datasource  # noqa: F401
