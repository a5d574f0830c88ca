kubectl scale deployment counter –replicas=3
