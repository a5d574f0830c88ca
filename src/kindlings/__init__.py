"""A Kubernetes course that is a pytest suite: what a lesson may import. Everything else is private."""

from __future__ import annotations

from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from kindlings.browsing import on_dashboard
    from kindlings.conditions import (
        bound,
        containers_ready,
        fewer_ready_than,
        gone,
        ready,
        restarted,
        running,
        succeeded,
    )
    from kindlings.daemons import one_on_each
    from kindlings.databases import Redis
    from kindlings.declared import env, env_from_field, memory_limit, mounts, mounts_from_node, native_sidecar
    from kindlings.experiments import api_readiness, deleted_pod, new_pod, new_service, silent_node
    from kindlings.facts import home_of_the_parts, number_of_nodes, number_of_static_pods, runs_on_every_node
    from kindlings.lab import Lab
    from kindlings.logs import (
        begins_with,
        counting_up,
        goes_on_after,
        lines,
        needs_container_name,
        says,
        written_twice,
    )
    from kindlings.metadata import annotated, change_cause, labelled
    from kindlings.pods import (
        all_with_image,
        including,
        one_with_image,
        restarted_by_probe,
        undisturbed,
        unowned,
    )
    from kindlings.rollouts import (
        deadline_exceeded,
        mixed_images,
        more_than,
        owned_through,
        revisions,
        rolled_out,
        rollout_stalled,
    )
    from kindlings.services import (
        addresses_of,
        alias_of,
        endpoints,
        external_address,
        node_port,
        pending_address,
    )
    from kindlings.stateful import goes_with_its_pod, goes_with_its_statefulset, out_of_order, retained
else:
    # A lesson needs the name for its annotations alone.
    Lab = NewType("Lab", object)

__all__ = [
    "Lab",
    "Redis",
    "addresses_of",
    "alias_of",
    "all_with_image",
    "annotated",
    "api_readiness",
    "begins_with",
    "bound",
    "change_cause",
    "containers_ready",
    "counting_up",
    "deadline_exceeded",
    "deleted_pod",
    "endpoints",
    "env",
    "env_from_field",
    "external_address",
    "fewer_ready_than",
    "goes_on_after",
    "goes_with_its_pod",
    "goes_with_its_statefulset",
    "gone",
    "home_of_the_parts",
    "including",
    "labelled",
    "lines",
    "memory_limit",
    "mixed_images",
    "more_than",
    "mounts",
    "mounts_from_node",
    "native_sidecar",
    "needs_container_name",
    "new_pod",
    "new_service",
    "node_port",
    "number_of_nodes",
    "number_of_static_pods",
    "on_dashboard",
    "one_on_each",
    "one_with_image",
    "out_of_order",
    "owned_through",
    "pending_address",
    "ready",
    "restarted",
    "restarted_by_probe",
    "retained",
    "revisions",
    "rolled_out",
    "rollout_stalled",
    "running",
    "runs_on_every_node",
    "says",
    "silent_node",
    "succeeded",
    "undisturbed",
    "unowned",
    "written_twice",
]

_HOMES = {
    "kindlings.browsing": ("on_dashboard",),
    "kindlings.conditions": (
        "bound",
        "containers_ready",
        "fewer_ready_than",
        "gone",
        "ready",
        "restarted",
        "running",
        "succeeded",
    ),
    "kindlings.daemons": ("one_on_each",),
    "kindlings.databases": ("Redis",),
    "kindlings.declared": (
        "env",
        "env_from_field",
        "memory_limit",
        "mounts",
        "mounts_from_node",
        "native_sidecar",
    ),
    "kindlings.experiments": (
        "api_readiness",
        "deleted_pod",
        "new_pod",
        "new_service",
        "silent_node",
    ),
    "kindlings.facts": (
        "home_of_the_parts",
        "number_of_nodes",
        "number_of_static_pods",
        "runs_on_every_node",
    ),
    "kindlings.logs": (
        "begins_with",
        "counting_up",
        "goes_on_after",
        "lines",
        "needs_container_name",
        "says",
        "written_twice",
    ),
    "kindlings.metadata": (
        "annotated",
        "change_cause",
        "labelled",
    ),
    "kindlings.pods": (
        "all_with_image",
        "including",
        "one_with_image",
        "restarted_by_probe",
        "undisturbed",
        "unowned",
    ),
    "kindlings.rollouts": (
        "deadline_exceeded",
        "mixed_images",
        "more_than",
        "owned_through",
        "revisions",
        "rolled_out",
        "rollout_stalled",
    ),
    "kindlings.services": (
        "addresses_of",
        "alias_of",
        "endpoints",
        "external_address",
        "node_port",
        "pending_address",
    ),
    "kindlings.stateful": (
        "goes_with_its_pod",
        "goes_with_its_statefulset",
        "out_of_order",
        "retained",
    ),
}
"""Where a lesson's words are at home. Collecting a course imports none of these: calling a word does."""


def __getattr__(name: str) -> object:
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module 'kindlings' has no attribute {name!r}")

    def word(*arguments: object, **keywords: object) -> object:
        from importlib import import_module  # noqa: PLC0415 - see _HOMES

        return getattr(import_module(home), name)(*arguments, **keywords)

    return word
