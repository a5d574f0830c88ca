kubectl scale deployment go-app --replicas=3 --as=system:admin
