#| # Lab 3f: see README.md, "Back again". Revision 1 is busybox:1.36, revision 2 busybox:1.37, revision 3 hangs.
#| # TODO: two commands: let the history show what revision 2 was, then go back to revision 1.
#| # WHY: the version before is not always the last good one.
# BEGIN SOLUTION
# With --revision it shows the whole Pod template of that revision.
kubectl rollout history deployment/counter --revision=2
# The template of revision 1 becomes revision 4: history is never rewritten.
kubectl rollout undo deployment/counter --to-revision=1
# END SOLUTION
