"""What reads models by name is declared to dbt: who changes a model sees whom it serves."""

import re

import pytest
import yaml

from tests.support.exposed import READERS, read_by
from tests.support.models import PROJECT

_DECLARED = {
    exposure["name"]: exposure
    for exposure in yaml.safe_load((PROJECT / "models/exposures.yml").read_text(encoding="utf-8"))[
        "exposures"
    ]
}


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_declares_the_models_that_it_names(reader: str):
    declared = {re.fullmatch(r"ref\('(\w+)'\)", name).group(1) for name in _DECLARED[reader]["depends_on"]}

    assert read_by(reader) - declared == set(), "declare them in models/exposures.yml"
    assert declared - read_by(reader) == set(), "nobody reads them: take them out of models/exposures.yml"


def test_every_exposure_has_a_reader():
    assert set(_DECLARED) == set(READERS)
