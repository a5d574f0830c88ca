# While it is paused, changes of the template are only noted.
kubectl rollout pause deployment/counter
kubectl set image deployment/counter counter=busybox:1.37
kubectl set env deployment/counter GREETING=hello
# Now one ReplicaSet is made for what the template has come to.
kubectl rollout resume deployment/counter
