import json
from datetime import date
from types import SimpleNamespace

import pytest

from orchestration.errors import BuildError
from orchestration.plan import Night
from orchestration.settings import BatchId, Settings
from orchestration.transform import Transform, build_arguments

FIRST = Night(BatchId(date(2026, 7, 1), 1), previous=None)
SECOND = Night(BatchId(date(2026, 7, 2), 1), previous=date(2026, 7, 1))

CROWDED = "Runtime Error in model\n  Out of Memory Error: failed to pin block of size 256.0 KiB"


def outcome(**statuses):
    """What dbt answers; a status is a word, or an error's message."""
    results = [
        SimpleNamespace(
            node=SimpleNamespace(name=name),
            status="error" if " " in status else status,
            message=status,
        )
        for name, status in statuses.items()
    ]
    bad = {result.status for result in results} & {"error", "fail", "skipped"}
    return SimpleNamespace(success=not bad, exception=None, result=results)


@pytest.fixture
def transform(tmp_path, monkeypatch):
    """dbt of an empty warehouse, with answers in place of builds; the calls are in ``calls``."""
    made = Transform(Settings.load(tmp_path))
    monkeypatch.setattr("orchestration.transform.note_standing", lambda settings, checksum: None)
    made.calls, made.answers = [], []

    class Runner:
        def __init__(self, **_kept):
            pass

        def invoke(self, arguments):
            made.calls.append(arguments)
            return made.answers.pop(0)

    made._runner = Runner
    return made


def selected(arguments):
    begin = arguments.index("--select") + 1
    return arguments[begin : arguments.index("--threads")]


def test_the_first_night_builds_one_model_after_the_other(tmp_path):
    settings = Settings.load(tmp_path)

    assert build_arguments(settings, FIRST)[1:3] == ["--threads", "1"]
    assert "--threads" not in build_arguments(settings, SECOND)


def test_models_that_had_too_little_memory_beside_each_other_are_built_in_turn(transform):
    transform.answers = [
        outcome(small="success", large=CROWDED, after_large="skipped"),
        outcome(large="success", after_large="success"),
    ]

    transform.build(SECOND)

    first, again = transform.calls
    assert "--threads" not in first
    assert selected(again) == ["large", "after_large"]
    assert again[again.index("--threads") + 1] == "1"
    variables = [json.loads(call[call.index("--vars") + 1]) for call in transform.calls]
    assert variables[0] == variables[1]


@pytest.mark.parametrize(
    ("night", "answers"),
    [
        pytest.param(FIRST, [outcome(large=CROWDED)], id="it had all the memory"),
        pytest.param(SECOND, [outcome(large=CROWDED), outcome(large=CROWDED)], id="alone it has too little"),
        pytest.param(SECOND, [outcome(large=CROWDED, a_test="fail")], id="a test has failed besides"),
        pytest.param(SECOND, [outcome(large="Binder Error: no such column")], id="another error"),
    ],
)
def test_what_cannot_be_built_stops_the_night(transform, night, answers):
    transform.answers = list(answers)

    with pytest.raises(BuildError, match="large"):
        transform.build(night)

    assert transform.answers == []
