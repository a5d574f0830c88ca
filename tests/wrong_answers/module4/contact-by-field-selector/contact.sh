kubectl get deployments --field-selector metadata.annotations.contact
kubectl get deployments -o custom-columns=NAME:.metadata.name,CONTACT:.metadata.annotations.contact
