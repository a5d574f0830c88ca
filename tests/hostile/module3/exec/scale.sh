kubectl exec deploy/go-app -- sh
