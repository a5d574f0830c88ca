kubectl scale deployment conter --replicas=3
