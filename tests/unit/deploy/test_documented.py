"""What is written down about settings, tables and hooks is what there is."""

import itertools
import re
from pathlib import Path

import pytest
import yaml
from pre_commit.clientlib import load_config

from domain.settings import Settings
from tests.unit.deploy.deployment import ROOT, compose_variables
from warehouse.tables import SCHEMAS, metadata

# `#NAME=value` is a setting; a comment has a space after the mark.
_SETTING = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$")


def _environment_name(field: str) -> str:
    alias = Settings.model_fields[field].validation_alias
    return str(alias) if alias else f"PRICESCOPE_{field.upper()}"


def _documented() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    found = [match.groups() for match in map(_SETTING.match, lines) if match]
    assert len(found) == len(dict(found)), "a setting stands twice in .env.example"
    return dict(found)


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    settings = {_environment_name(field) for field in Settings.model_fields}
    assert _documented().keys() == settings | compose_variables()


def test_every_setting_follows_a_sentence_about_it() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in itertools.pairwise(lines):
        if _SETTING.match(line):
            assert before.startswith("# ") or _SETTING.match(before), line


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_the_documented_default_is_the_default(field: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(_environment_name(name), raising=False)
    default = getattr(Settings(_env_file=None), field)
    documented = _documented()[_environment_name(field)]
    if default is None or default == ():
        assert documented == ""
    else:
        monkeypatch.setenv(_environment_name(field), documented)
        assert getattr(Settings(_env_file=None), field) == default


def test_an_example_copied_as_it_is_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)


def test_the_data_model_page_names_every_table_and_no_other() -> None:
    page = (ROOT / "docs/data-model.md").read_text()
    ours = [schema for schema in SCHEMAS if schema != "marts"]
    named = {f"{schema}.{table}" for schema, table in re.findall(rf"`({'|'.join(ours)})\.(\w+)`", page)}
    assert named == {table.fullname for table in metadata.tables.values()}


def test_the_data_model_page_tells_which_tables_are_partitioned() -> None:
    page = (ROOT / "docs/data-model.md").read_text()
    for table in metadata.tables.values():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{table.fullname}`")]
        is_partitioned = table.dialect_options["postgresql"]["partition_by"] is not None
        assert ("monthly partitions" in row) == is_partitioned, table.fullname


def test_the_data_model_page_gives_each_key_that_makes_a_repeat_harmless() -> None:
    page = (ROOT / "docs/data-model.md").read_text()
    for table in metadata.tables.values():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{table.fullname}`")]
        key = ", ".join(column.name for column in table.primary_key.columns)
        assert f"| {key} |" in row, table.fullname


def test_the_hooks_before_a_commit_are_local_and_complete() -> None:
    file = ROOT / ".pre-commit-config.yaml"
    load_config(str(file))  # pre-commit's own check of the file's form
    config = yaml.safe_load(file.read_text())
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    hooks = {hook["id"]: hook for hook in config["repos"][0]["hooks"]}
    assert hooks.keys() == {"ruff", "ruff-format", "mypy", "lint-imports", "sqlfluff"}
    assert {hook["language"] for hook in hooks.values()} == {"system"}


def test_every_yaml_file_of_the_deployment_is_well_formed() -> None:
    for path in [*ROOT.glob("*.y*ml"), *ROOT.glob("deploy/*.y*ml")]:
        assert yaml.safe_load(path.read_text()), path.name
