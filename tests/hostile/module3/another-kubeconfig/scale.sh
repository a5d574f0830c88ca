kubectl --kubeconfig=/etc/kubernetes/admin.conf get secrets
