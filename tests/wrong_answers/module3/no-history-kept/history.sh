kubectl rollout history deployment/counter --revision=2
kubectl rollout undo deployment/counter --to-revision=1
