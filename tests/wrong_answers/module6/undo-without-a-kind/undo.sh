kubectl rollout undo agent
