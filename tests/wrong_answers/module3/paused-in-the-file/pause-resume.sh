kubectl set image deployment/counter counter=busybox:1.37
kubectl set env deployment/counter GREETING=hello
kubectl rollout resume deployment/counter
