#| # Lab 4b: see README.md, "Annotations".
#| # TODO: 1. Try to select the Deployments that have a contact: kubectl get deployments -l contact
#| # TODO: 2. Read the contact instead, with -o custom-columns or -o jsonpath.
#| # WHY: the first finds nothing: the API server keeps an index of labels, and none of annotations.
# BEGIN SOLUTION
# 1. Nothing: contact is no label.
kubectl get deployments -l contact
# 2. A column of our own, by the path of the field.
kubectl get deployments -o custom-columns=NAME:.metadata.name,CONTACT:.metadata.annotations.contact
# END SOLUTION
