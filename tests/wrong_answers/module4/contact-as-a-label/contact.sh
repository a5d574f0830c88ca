kubectl get deployments -l contact
kubectl get deployments -o custom-columns=NAME:.metadata.name,CONTACT:.metadata.annotations.contact
