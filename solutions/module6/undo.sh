#| # Lab 6b: see README.md, "And back again". A rollout of busybox:22 hangs at its first node; before it, busybox:1.36 ran.
#| # TODO: take DaemonSet agent back to the version before.
#| # WHY: the slides say that a DaemonSet cannot be rolled back. It can: the cluster keeps its earlier templates.
# BEGIN SOLUTION
# The earlier template is in a ControllerRevision (kubectl get controllerrevisions), where a Deployment has an old
# ReplicaSet. Nodes that the update had not reached yet keep their Pods.
kubectl rollout undo daemonset agent
# END SOLUTION
