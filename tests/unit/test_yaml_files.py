"""YAML that people write: whatever lies under the name, it is one line, and at once."""

import os
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.segments.saved import segments_folder, segments_of_a_night
from orchestration.settings import Settings
from orchestration.what_if.rulebook import read_rulebook
from orchestration.yaml_files import MOST_BYTES, NotYamlError, read_yaml

WRONG = {
    "a: 2026-13-45": "a date or number in it is none",
    "a: !!int x": "a date or number in it is none",
    "a: !!timestamp x": "a date or number in it is none",
    "[" * 5000: "it is too deep",
    "a: [": "line 1 is not YAML",
    "a: !!python/object:os.system x": "line 1 is not YAML",
    "a: \0": "characters that are none",
    "#" * (MOST_BYTES + 1): "larger than 1 MiB",
}


@pytest.mark.parametrize(("text", "told"), WRONG.items(), ids=WRONG.values())
def test_text_that_is_none_is_one_line_whoever_reads_it(tmp_path: Path, text: str, told: str) -> None:
    path = segments_folder(Settings.load(tmp_path)) / "a.yml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotYamlError, match=told) as error:
        read_yaml(path)
    assert "\n" not in str(error.value)
    with pytest.raises(ConfigurationError, match=told):
        read_rulebook(path)
    # a night goes on: the segment keeps its members
    night = segments_of_a_night(Settings.load(tmp_path), {})
    assert [one["condition"] for one in night.segments] == [""] and told in night.refused[0]
    path.rename(tmp_path / "bank.yml")
    with pytest.raises(ConfigurationError, match=told):
        Settings.load(tmp_path)


def test_a_pipe_a_folder_and_bytes_of_another_encoding_keep_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "folder.yml").mkdir()
    (tmp_path / "gb18030.yml").write_bytes("名称: 高资产".encode("gb18030"))
    for name, told in (
        ("pipe", "it is no file"), ("folder", "it is no file"), ("gb18030", "it is not UTF-8"),
        ("absent", "No such file"),
    ):  # fmt: skip
        with pytest.raises(NotYamlError, match=told):
            read_yaml(tmp_path / f"{name}.yml")


def test_a_file_name_that_is_no_code_reaches_no_model(tmp_path: Path) -> None:
    folder = segments_folder(Settings.load(tmp_path))
    folder.mkdir()
    # models paste the codes that they are told into SQL
    (folder / "x' union select 'all.yml").write_text("code: x", encoding="utf-8")
    (folder / "x\x1b[2J.yml").write_text("code: x", encoding="utf-8")
    night = segments_of_a_night(Settings.load(tmp_path), {})
    assert night.segments == ()
    assert len(night.refused) == 2 and all(line.isprintable() for line in night.refused)
