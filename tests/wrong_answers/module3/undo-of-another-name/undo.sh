kubectl rollout undo deployment counters
