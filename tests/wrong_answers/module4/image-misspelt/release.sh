kubectl set image deployment/counter counter=busbyox:1.37
kubectl annotate deployment/counter kubernetes.io/change-cause='second version'
