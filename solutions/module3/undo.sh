#| # Lab 3f: see README.md, "Back again". A rollout of busybox:22 hangs; before it, busybox:1.37 ran.
#| # TODO: go back to the version before.
#| # WHY: when a rollout goes wrong, the way back must be one short command, whatever the files say by now.
# BEGIN SOLUTION
# Without --to-revision: the version before, of which the Deployment has kept the ReplicaSet.
kubectl rollout undo deployment counter
# END SOLUTION
