kubectl delete namespace --all
