kubectl scale deployment go-app --replicas=3 --server=https://example.com
