kubectl scale deployment counter --replicas=2
