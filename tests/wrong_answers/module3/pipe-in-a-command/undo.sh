kubectl get deployment counter -o name | xargs kubectl rollout undo
