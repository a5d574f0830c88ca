# 1. Nothing: contact is no label.
kubectl get deployments -l contact
# 2. A column of our own, by the path of the field.
kubectl get deployments -o custom-columns=NAME:.metadata.name,CONTACT:.metadata.annotations.contact
