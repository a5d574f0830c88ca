kubectl rollout history deployment/counter
