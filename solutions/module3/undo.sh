# Without --to-revision: the version before, of which the Deployment has kept the ReplicaSet.
kubectl rollout undo deployment counter
