#!/usr/bin/busybox sh
# kube-proxy with the flavour of iptables that the node has chosen: the kubelet marks it with a chain of its own.
flavour=legacy
if iptables-nft-save -t mangle 2> /dev/null | busybox grep -q KUBE-IPTABLES-HINT; then
  flavour=nft
fi
for program in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
  family=${program%%-*}
  busybox ln -sf "$family-$flavour${program#"$family"}" "/usr/sbin/$program"
done
exec /usr/local/libexec/kube-proxy "$@"
