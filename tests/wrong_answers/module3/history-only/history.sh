kubectl rollout history deployment/counter --revision=2
