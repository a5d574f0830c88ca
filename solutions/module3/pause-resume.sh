#| # Lab 3f: see README.md, "Several changes, one rollout".
#| # TODO: both changes shall reach the Pods in one rollout, not in two.
#| # WHY: each change of the template is a version of its own, and each rollout replaces every Pod.
# BEGIN SOLUTION
# While it is paused, changes of the template are only noted.
kubectl rollout pause deployment/counter
# END SOLUTION
kubectl set image deployment/counter counter=busybox:1.37
kubectl set env deployment/counter GREETING=hello
# BEGIN SOLUTION
# Now one ReplicaSet is made for what the template has come to.
kubectl rollout resume deployment/counter
# END SOLUTION
