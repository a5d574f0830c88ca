#| # Lab 4b: see README.md, "Annotations".
#| # TODO: the second version: set the image busybox:1.37, and annotate the Deployment with
#| #         kubernetes.io/change-cause: second version
#| # WHY: a year later nobody knows what revision 2 was about, unless somebody has written it down.
# BEGIN SOLUTION
kubectl set image deployment/counter counter=busybox:1.37
# In quotes, as it is two words. kubectl replaces an old note of this name; other annotations need --overwrite.
kubectl annotate deployment/counter kubernetes.io/change-cause='second version'
# END SOLUTION
