"""Pod Security for labs with a folder of their nodes: all that the level "baseline" refuses but that folder.

Pod Security has no exception for one path, so the namespaces of these labs are at its level "privileged", and
this policy restates "baseline". It judges Pods, also those that a controller makes.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
"""

from __future__ import annotations

from typing import Any, Final

HOST_PATH: Final = "kindlings.dev/host-path"
"""The label of these labs' namespaces; its value is the folder's name."""

ROOT: Final = "/var/lib/kindlings"
"""Where the folders are, on every node."""

NAME: Final = "kindlings-host-path"
API: Final = "admissionregistration.k8s.io/v1"

_CAPABILITIES: Final = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
]
_SYSCTLS: Final = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
]
_SELINUX: Final = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"]
_PROFILES: Final = ["RuntimeDefault", "Localhost"]
_APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"

_VARIABLES: Final = {
    "containers": "object.spec.containers + object.spec.?initContainers.orValue([])"
    " + object.spec.?ephemeralContainers.orValue([])",
    # A Pod's own and its containers' have most fields in common, and an absent one says nothing.
    "contexts": "variables.containers.map(c, c.?securityContext.orValue({}))"
    " + [object.spec.?securityContext.orValue({})]",
    "folder": f"'{ROOT}/' + namespaceObject.metadata.labels['{HOST_PATH}']",
}
_RULES: Final = {
    "hostPath": "object.spec.?volumes.orValue([]).all(v, !has(v.hostPath) || "
    "v.hostPath.path == variables.folder)",
    "hostNetwork, hostPID and hostIPC": "!object.spec.?hostNetwork.orValue(false) && "
    "!object.spec.?hostPID.orValue(false) && !object.spec.?hostIPC.orValue(false)",
    "privileged": "variables.contexts.all(s, !s.?privileged.orValue(false))",
    "capabilities.add": "variables.contexts.all(s, s.?capabilities.?add.orValue([]).all(c, "
    f"c in {_CAPABILITIES}))",
    "hostPort": "variables.containers.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0))",
    "host of a probe or hook": "variables.containers.all(c, [?c.?livenessProbe, ?c.?readinessProbe, "
    "?c.?startupProbe, ?c.?lifecycle.?postStart, ?c.?lifecycle.?preStop].all(h, "
    "h.?httpGet.?host.orValue('') == '' && h.?tcpSocket.?host.orValue('') == ''))",
    "appArmorProfile": "variables.contexts.all(s, s.?appArmorProfile.?type.orValue('RuntimeDefault') in "
    f"{_PROFILES}) && object.metadata.?annotations.orValue({{}}).all(k, !k.startsWith('{_APPARMOR}') || "
    "object.metadata.annotations[k] in ['', 'runtime/default'] || "
    "object.metadata.annotations[k].startsWith('localhost/'))",
    "seLinuxOptions": f"variables.contexts.all(s, s.?seLinuxOptions.?type.orValue('') in {_SELINUX} && "
    "s.?seLinuxOptions.?user.orValue('') == '' && s.?seLinuxOptions.?role.orValue('') == '')",
    "procMount": "variables.contexts.all(s, s.?procMount.orValue('Default') == 'Default')",
    "seccompProfile": "variables.contexts.all(s, s.?seccompProfile.?type.orValue('RuntimeDefault') in "
    f"{_PROFILES})",
    "sysctls": f"object.spec.?securityContext.?sysctls.orValue([]).all(s, s.name in {_SYSCTLS})",
    "hostProcess": "variables.contexts.all(s, !s.?windowsOptions.?hostProcess.orValue(false))",
}
"""What is refused, by the field that the refusal names, and the CEL that holds where it is not used."""


def host_path() -> list[dict[str, Any]]:
    """Return the policy and what binds it to the namespaces with the label HOST_PATH."""
    pods = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["pods", "pods/ephemeralcontainers"],
    }
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [pods]},
        "variables": [{"name": name, "expression": text} for name, text in _VARIABLES.items()],
        "validations": [
            {"expression": rule, "messageExpression": _message(field)} for field, rule in _RULES.items()
        ],
    }
    binding = {
        "policyName": NAME,
        "validationActions": ["Deny"],
        "matchResources": {
            "namespaceSelector": {"matchExpressions": [{"key": HOST_PATH, "operator": "Exists"}]}
        },
    }
    return [
        {"apiVersion": API, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": NAME}, "spec": spec},
        {
            "apiVersion": API,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": NAME},
            "spec": binding,
        },
    ]


def _message(field: str) -> str:
    if field == "hostPath":
        return "'the only hostPath that this lab has is ' + variables.folder"
    return f"'{field}: refused by the Pod Security level baseline'"
