kubectl rollout undo deployment agent
