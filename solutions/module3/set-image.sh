#| # Lab 3c: see README.md, "A rolling update". The line is the slide's.
#| # TODO: roll out an image that the course has: busybox:1.37.
#| # WHY: a tag such as 1 or latest means another image each month, and cannot be rolled back to.
#| kubectl set image deployment/counter counter=busybox:1
# BEGIN SOLUTION
# CONTAINER=IMAGE: a Pod may have several containers, so the one that changes is named.
kubectl set image deployment/counter counter=busybox:1.37
# END SOLUTION
