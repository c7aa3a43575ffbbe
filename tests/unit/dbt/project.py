"""dbt's manifest as the rules want to read it: models by layer, who reads whom, which test is of which model."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

Node = dict[str, Any]
LAYERS = ("staging", "intermediate", "marts")
# What the rules look at; the rest of a manifest is macros, and large.
PARTS = ("nodes", "sources", "exposures", "unit_tests")


class Project:
    """A manifest. Its parts may be changed before the first question is asked (the tests of the rules do)."""

    def __init__(self, manifest: Node) -> None:
        self.manifest = manifest

    def copy(self) -> Project:
        """Return one that can be changed without changing this one."""
        return Project(copy.deepcopy(self.manifest))

    @property
    def sources(self) -> list[Node]:
        """Every source table."""
        return list(self.manifest["sources"].values())

    @property
    def exposures(self) -> list[Node]:
        """Every exposure."""
        return list(self.manifest["exposures"].values())

    def models(self, *layers: str) -> list[Node]:
        """Return the models of the layers, of all without one, in the order of their names."""
        nodes = [node for node in self.manifest["nodes"].values() if node["resource_type"] == "model"]
        return sorted((n for n in nodes if not layers or layer_of(n) in layers), key=lambda node: str(node["name"]))

    def model(self, name: str) -> Node:
        """Return a model by its name."""
        return next(node for node in self.models() if node["name"] == name)

    def source(self, name: str) -> Node:
        """Return a source table by ``source.table``."""
        return next(node for node in self.sources if source_name(node) == name)

    def tests(self, model: Node) -> list[Node]:
        """Return the data tests of a model."""
        return [
            node
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "test" and node.get("attached_node") == model["unique_id"]
        ]

    @cached_property
    def children(self) -> dict[str, list[Node]]:
        """Models and exposures by the id of what they read directly."""
        found: dict[str, list[Node]] = {}
        for node in [*self.models(), *self.exposures]:
            for parent in parents(node):
                found.setdefault(parent, []).append(node)
        return found

    def name(self, unique_id: str) -> str:
        """Return what a model or source table is called."""
        if unique_id in self.manifest["sources"]:
            return source_name(self.manifest["sources"][unique_id])
        node = self.manifest["nodes"].get(unique_id)
        return str(node["name"]) if node else unique_id

    def layers_read(self, model: Node) -> Iterator[tuple[str, str]]:
        """Yield each thing a model reads directly: its name, and its layer or ``source``."""
        for parent in parents(model):
            if parent in self.manifest["sources"]:
                yield self.name(parent), "source"
            elif parent in self.manifest["nodes"]:
                yield self.name(parent), layer_of(self.manifest["nodes"][parent])


def layer_of(model: Node) -> str:
    """Return the first folder below ``models``."""
    return str(model["fqn"][1])


def folder_of(node: Node) -> PurePosixPath:
    """Return the folder that a node's file lies in."""
    return PurePosixPath(node["original_file_path"]).parent


def parents(node: Node) -> list[str]:
    """Return the ids of what a node reads directly."""
    return [str(parent) for parent in node["depends_on"]["nodes"]]


def source_name(node: Node) -> str:
    """Return ``source.table``."""
    return f"{node['source_name']}.{node['name']}"
