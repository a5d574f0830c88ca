kubectl rollout undo deployment/counter --to-revision=2
kubectl rollout undo deployment/counter --to-revision=2
