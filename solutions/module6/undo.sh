# The earlier template is in a ControllerRevision (kubectl get controllerrevisions), where a Deployment has an old
# ReplicaSet. Nodes that the update had not reached yet keep their Pods.
kubectl rollout undo daemonset agent
