#| # Lab 3b: see README.md, "Scale it". One kubectl command a line; no shell, no script.
#| # TODO: make three Pods of one, by a command and not in deployment.yaml.
#| # WHY: a number that changes with the load is not worth a new version of a file.
# BEGIN SOLUTION
# Changes spec.replicas and nothing else: no new ReplicaSet, no new Pod where one is good.
kubectl scale deployment counter --replicas=3
# END SOLUTION
