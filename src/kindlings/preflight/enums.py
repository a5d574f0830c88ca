"""Fields that take certain words only.

Kubernetes' published schemas name these words in their descriptions alone, so the list is ours. The API
server compares capitals too; an empty text counts as not given and gets the field's default.
Source: https://kubernetes.io/docs/reference/kubernetes-api/
"""

from __future__ import annotations

from typing import Final

_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
_ACCESS: Final = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
_UPDATES: Final = ("RollingUpdate", "OnDelete")
_RETENTION: Final = ("Retain", "Delete")
_RECLAIM: Final = ("Retain", "Recycle", "Delete")

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "PodSpec.restartPolicy": ("Always", "OnFailure", "Never"),
    "PodSpec.dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "PodSpec.preemptionPolicy": ("PreemptLowerPriority", "Never"),
    "Container.imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "Container.restartPolicy": ("Always", "OnFailure", "Never"),
    "Container.terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    "ContainerPort.protocol": _PROTOCOLS,
    "HTTPGetAction.scheme": ("HTTP", "HTTPS"),
    "VolumeMount.mountPropagation": ("None", "HostToContainer", "Bidirectional"),
    "HostPathVolumeSource.type": (
        *("DirectoryOrCreate", "Directory", "FileOrCreate", "File"),
        *("Socket", "CharDevice", "BlockDevice"),
    ),
    "PodSecurityContext.fsGroupChangePolicy": ("Always", "OnRootMismatch"),
    "SeccompProfile.type": ("RuntimeDefault", "Localhost", "Unconfined"),
    "Toleration.operator": ("Exists", "Equal", "Lt", "Gt"),
    "Toleration.effect": ("NoSchedule", "PreferNoSchedule", "NoExecute"),
    "TopologySpreadConstraint.whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
    "NodeSelectorRequirement.operator": ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"),
    "LabelSelectorRequirement.operator": ("In", "NotIn", "Exists", "DoesNotExist"),
    "ServiceSpec.type": ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    "ServiceSpec.sessionAffinity": ("None", "ClientIP"),
    "ServiceSpec.externalTrafficPolicy": ("Cluster", "Local"),
    "ServiceSpec.internalTrafficPolicy": ("Cluster", "Local"),
    "ServiceSpec.ipFamilyPolicy": ("SingleStack", "PreferDualStack", "RequireDualStack"),
    "ServiceSpec.ipFamilies[]": ("IPv4", "IPv6"),
    "ServicePort.protocol": _PROTOCOLS,
    "DeploymentStrategy.type": ("RollingUpdate", "Recreate"),
    "DaemonSetUpdateStrategy.type": _UPDATES,
    "StatefulSetUpdateStrategy.type": _UPDATES,
    "StatefulSetSpec.podManagementPolicy": ("OrderedReady", "Parallel"),
    "StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted": _RETENTION,
    "StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled": _RETENTION,
    "JobSpec.completionMode": ("NonIndexed", "Indexed"),
    "CronJobSpec.concurrencyPolicy": ("Allow", "Forbid", "Replace"),
    "HTTPIngressPath.pathType": ("Prefix", "Exact", "ImplementationSpecific"),
    "NetworkPolicySpec.policyTypes[]": ("Ingress", "Egress"),
    "NetworkPolicyPort.protocol": _PROTOCOLS,
    "PersistentVolumeClaimSpec.accessModes[]": _ACCESS,
    "PersistentVolumeClaimSpec.volumeMode": ("Filesystem", "Block"),
    "PersistentVolumeSpec.accessModes[]": _ACCESS,
    "PersistentVolumeSpec.persistentVolumeReclaimPolicy": _RECLAIM,
    "PriorityClass.preemptionPolicy": ("PreemptLowerPriority", "Never"),
    "RoleRef.kind": ("Role", "ClusterRole"),
    "Subject.kind": ("ServiceAccount", "User", "Group"),
    "StorageClass.reclaimPolicy": _RETENTION,
    "StorageClass.volumeBindingMode": ("Immediate", "WaitForFirstConsumer"),
    "MetricSpec.type": ("Resource", "ContainerResource", "Pods", "Object", "External"),
}
"""From a definition's short name and its field, with [] for the items of a list, to the words it takes."""
