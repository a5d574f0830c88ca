# Lab 3f: see README.md, "Several changes, one rollout".
# TODO: both changes shall reach the Pods in one rollout, not in two.
# WHY: each change of the template is a version of its own, and each rollout replaces every Pod.
kubectl set image deployment/counter counter=busybox:1.37
kubectl set env deployment/counter GREETING=hello
