#!/bin/sh
# Makes a kind node of a plain Debian with containerd. PAUSE is the pause image of this Kubernetes version.
set -eu

chmod 0755 /kind /kind/bin /kind/bin/* /usr/local/bin/*
find /etc/containerd /etc/crictl.yaml /etc/default /etc/kindlings /etc/sysctl.d /etc/systemd/system /kind/manifests \
  -type f -exec chmod 0644 {} +

# A container has no devices, disks or consoles for systemd to look after, and its log is not the kernel's.
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/* \
  /lib/systemd/system/local-fs.target.wants/* /lib/systemd/system/basic.target.wants/* \
  /lib/systemd/system/sockets.target.wants/*udev* /lib/systemd/system/sockets.target.wants/*initctl* \
  /lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
echo ReadKMsg=no >> /etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd /sbin/init
systemctl enable containerd.service kubelet.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service # it would register formats for the whole machine

# kind's units and kubeadm look for Debian's programs elsewhere.
mkdir -p /etc/kubernetes/manifests /opt/cni/bin /usr/local/sbin
for plugin in host-local loopback portmap ptp; do ln -s /usr/lib/cni/$plugin /opt/cni/bin/; done
for program in containerd containerd-shim-runc-v2 ctr; do ln -s /usr/bin/$program /usr/local/bin/; done
# containerd finds its runtime by this name. crun takes a quarter less of a node's time for each Pod than Debian's runc.
ln -s /usr/bin/crun /usr/local/sbin/runc

# The spec of every container: without limits that this machine may not be able to set, and without kind's hook. That
# lays the node's product name and id over the machine's; for crun it fails where the root is read-only, and each
# container would have two files more to show to its learner.
ctr oci spec | jq 'del(.process.rlimits)' > /etc/containerd/cri-base.json

sed -i "s|^\( *sandbox_image = \).*|\1\"$PAUSE\"|" /etc/containerd/config.toml
cat >> /etc/containerd/config.toml <<EOF

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
EOF

# Engines give a container ten seconds to stop; what ignores SIGTERM shall not use them all up.
mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\nDefaultTimeoutStopSec=3s\n' > /etc/systemd/system.conf.d/kindlings.conf
