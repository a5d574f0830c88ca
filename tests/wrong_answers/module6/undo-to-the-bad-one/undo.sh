kubectl rollout undo daemonset agent --to-revision=2
