#| # Lab 4b: see README.md, "Annotations".
#| # TODO: let kubectl show the history of the Deployment's rollouts.
#| # WHY: this is where the notes of annotations.yaml and release.sh are read.
# BEGIN SOLUTION
kubectl rollout history deployment/counter
# END SOLUTION
