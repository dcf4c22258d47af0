"""How SQL is written: what sqlfluff keeps (pyproject.toml), that it looks, and lines that it does not see."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.macros import PROJECT

LONGEST = 110
FILES = sorted(path for folder in ("models", "macros") for path in (PROJECT / folder).rglob("*.sql"))
_COMMENT = re.compile(r"{#.*?#}", re.DOTALL)

# one fault of each kind that is looked for; more than the 20 kB up to which sqlfluff looks if nobody tells it
FAULTS = (
    """with unused as (

    select 1 as one

)

SELECT
    accounts.account_id AS id,
    product_code,
    count(1) as account_cnt ,
    accounts.org_id || '{long}' as text
from {{{{ ref('int_account__versions') }}}} accounts
join {{{{ by_survivor(ref('int_account__owner_versions')) }}}} as owners
    on accounts.account_id = owners.account_id
{{%- if is_first_night() %}}
where accounts.is_open AND accounts.org_id <> ''
{{%- endif %}}
"""
).format(long="x" * LONGEST) + "-- more\n" * 3000
EXPECTED = {
    "ST03": "a CTE that nobody reads",
    "CP01": "a keyword in capitals",
    "RF02": "a column of a join without its table",
    "CV04": "rows counted in another way",
    "LT01": "a space before a comma",
    "LT05": "a long line",
    "AL01": "an alias without as",
    "AM05": "a join of no kind",
}
CLEAN = """-- One row per account.

select
    accounts.account_id,
    {{ month_start(business_date()) }} as month_start_date
from {{ by_survivor(ref('int_account__versions')) }} as accounts
{%- if has_state() %}
where accounts.known_to_date is null
{%- endif %}
"""


def found(path: Path, night: str = "") -> list[dict[str, Any]]:
    """What sqlfluff's command finds in a file by the project's configuration."""
    command = [sys.executable, "-m", "sqlfluff", "lint", "--config", str(PROJECT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--format", "json", str(path)],
        cwd=path.parent,
        env=os.environ | {"ACRM_LINTED_NIGHT": night},
        capture_output=True,
        text=True,
        check=False,
    )
    (file,) = json.loads(done.stdout)
    return list(file["violations"])


def test_faults_are_found(tmp_path: Path) -> None:
    path = tmp_path / "fct_faulty.sql"
    path.write_text(FAULTS, encoding="utf-8")

    violations = found(path)

    assert {violation["code"] for violation in violations} == set(EXPECTED)


def test_the_first_night_is_looked_at_too(tmp_path: Path) -> None:
    path = tmp_path / "fct_faulty.sql"
    path.write_text(FAULTS, encoding="utf-8")
    line = FAULTS.splitlines().index("where accounts.is_open AND accounts.org_id <> ''") + 1

    def capitals(night: str) -> bool:
        return any(
            violation["code"] == "CP01" and violation["start_line_no"] == line
            for violation in found(path, night)
        )

    assert [capitals("first"), capitals("")] == [True, False]


def test_capitals_are_found_where_all_is_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "fct_loud.sql"
    path.write_text(
        "SELECT COUNT(*) AS ACCOUNT_CNT, CAST(NULL AS DATE) AS OPEN_DATE FROM ACCOUNTS\n", encoding="utf-8"
    )

    assert {violation["code"] for violation in found(path)} == {"CP01", "CP02", "CP03", "CP04", "CP05"}


@pytest.mark.parametrize("night", ["first", ""])
def test_nothing_is_found_in_a_model_as_the_project_writes_them(tmp_path: Path, night: str) -> None:
    path = tmp_path / "fct_clean.sql"
    path.write_text(CLEAN, encoding="utf-8")

    assert found(path, night) == []


def test_every_model_is_looked_at() -> None:
    from sqlfluff.core import FluffConfig
    from sqlfluff.core.linter.discovery import paths_from_path

    config = FluffConfig.from_path(str(PROJECT))
    models = [path for path in FILES if path.is_relative_to(PROJECT / "models")]

    looked_at = paths_from_path(str(PROJECT / "models"), working_path=str(PROJECT))

    assert sorted(Path(path) for path in looked_at) == models
    assert config.get("large_file_skip_byte_limit") == config.get("large_file_skip_char_limit") == 0


def test_make_check_runs_it_over_all_models_as_two_nights_see_them() -> None:
    commands = (PROJECT / "Makefile").read_text(encoding="utf-8")

    assert " $(BIN)/sqlfluff lint --processes 2 models\n" in commands
    assert " ACRM_LINTED_NIGHT=first $(BIN)/sqlfluff lint " in commands


@pytest.mark.parametrize("folder", ["models", "macros"])
def test_lines_are_short_and_end_where_their_text_does(folder: str) -> None:
    """Of branches that no linted night takes, and of macros, too: sqlfluff sees neither."""
    wrong = [
        f"{path.relative_to(PROJECT)}:{number}"
        for path in FILES
        if path.is_relative_to(PROJECT / folder)
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if len(line) > LONGEST or line != line.rstrip()
    ]

    assert wrong == []


def test_indents_are_steps_of_four() -> None:
    """In place of sqlfluff's rule, which takes Jinja's blocks out of their clauses."""
    wrong = []
    for path in FILES:
        text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), path.read_text(encoding="utf-8"))
        for number, line in enumerate(text.split("\n"), 1):
            if (len(line) - len(line.lstrip())) % 4:
                wrong.append(f"{path.relative_to(PROJECT)}:{number}")

    assert wrong == []
