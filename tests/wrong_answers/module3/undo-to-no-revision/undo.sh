kubectl rollout undo deployment/counter --to-revision=5
