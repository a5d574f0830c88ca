kubectl set image deployment/counter counter=busybox:1.37
# In quotes, as it is two words. kubectl replaces an old note of this name; other annotations need --overwrite.
kubectl annotate deployment/counter kubernetes.io/change-cause='second version'
