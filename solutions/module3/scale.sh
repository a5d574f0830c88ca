# Changes spec.replicas and nothing else: no new ReplicaSet, no new Pod where one is good.
kubectl scale deployment counter --replicas=3
