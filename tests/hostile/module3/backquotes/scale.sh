kubectl scale deployment `id` --replicas=3
