kubectl get --raw /api/v1/secrets
