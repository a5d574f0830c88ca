# With --revision it shows the whole Pod template of that revision.
kubectl rollout history deployment/counter --revision=2
# The template of revision 1 becomes revision 4: history is never rewritten.
kubectl rollout undo deployment/counter --to-revision=1
