kubectl rollout history deployment/counter --revision=7
kubectl rollout undo deployment/counter --to-revision=1
