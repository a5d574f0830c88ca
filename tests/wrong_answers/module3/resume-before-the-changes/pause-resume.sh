kubectl rollout pause deployment/counter
kubectl rollout resume deployment/counter
kubectl set image deployment/counter counter=busybox:1.37
kubectl set env deployment/counter GREETING=hello
