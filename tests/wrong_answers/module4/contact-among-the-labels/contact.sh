kubectl get deployments -l contact
kubectl get deployments -o custom-columns=NAME:.metadata.name,CONTACT:.metadata.labels.contact
