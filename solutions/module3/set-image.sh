# CONTAINER=IMAGE: a Pod may have several containers, so the one that changes is named.
kubectl set image deployment/counter counter=busybox:1.37
