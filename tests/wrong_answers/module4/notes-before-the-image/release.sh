kubectl annotate deployment/counter kubernetes.io/change-cause='second version'
kubectl set image deployment/counter counter=busybox:1.37
