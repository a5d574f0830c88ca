kubectl get pods -l tier=frontend
kubectl get pods -l tier=frontend -l environment!=qa
kubectl get pods -l 'tier in (cache, backend)'
kubectl get pods -l '!environment'
