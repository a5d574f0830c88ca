kubectl scale deployment coredns --replicas=0 -n kube-system
