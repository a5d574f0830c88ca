"""Claims for volumes that are only read, which nobody could have filled; warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kindlings.preflight import templates
from kindlings.preflight.findings import HERE, mapping, mappings, shown
from kindlings.preflight.templates import doubtful

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kindlings.manifests import Document, FieldPath
    from kindlings.preflight.findings import Finding
    from kindlings.preflight.templates import Template

_ONLY_READ: Final = ["ReadOnlyMany"]
_TEMPLATES: Final = ("spec", "volumeClaimTemplates")
_EMPTY: Final = "A new volume is empty, and hardly any provisioner makes one that cannot be written to."


def check(documents: Sequence[Document]) -> Iterator[Finding]:
    """Yield the claims that ask for ReadOnlyMany alone, and are mounted to be written to."""
    for template in templates.of(documents):
        for path, container in template.containers():
            for index, mount in mappings(container.get("volumeMounts")):
                where = (*path, "volumeMounts", index)
                if mount.get("readOnly") is not True:
                    yield from _claim(documents, template, mount.get("name"), where)


def _claim(
    documents: Sequence[Document], template: Template, volume: Any, where: FieldPath
) -> Iterator[Finding]:
    for one, path in _claims(documents, template, volume):
        if one.get(*path, "accessModes") != _ONLY_READ or one.get(*path, "volumeName"):
            continue
        mounted = template.document.at(*where)
        yield doubtful(
            one,
            (*path, "accessModes", 0),
            f"the claim asks for ReadOnlyMany{HERE}, and {shown(volume)} is mounted for writing ({mounted})",
            "Write ReadWriteOnce.",
            rule="access-mode",
            why=_EMPTY,
            also=template.document,
        )


def _claims(
    documents: Sequence[Document], template: Template, volume: Any
) -> Iterator[tuple[Document, FieldPath]]:
    """Yield where the claim behind a volume has its spec: in a document of its own, or in a StatefulSet."""
    for index, claim in mappings(template.document.get(*_TEMPLATES)):
        if mapping(claim.get("metadata")).get("name") == volume:
            yield template.document, (*_TEMPLATES, index, "spec")
    for _, one in mappings(template.spec.get("volumes")):
        source = mapping(one.get("persistentVolumeClaim"))
        if one.get("name") != volume or not source or source.get("readOnly") is True:
            continue
        for document in documents:
            same = document.namespace == template.document.namespace
            if same and (document.kind, document.name) == ("PersistentVolumeClaim", source.get("claimName")):
                yield document, ("spec",)
