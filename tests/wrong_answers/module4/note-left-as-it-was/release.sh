kubectl set image deployment/counter counter=busybox:1.37
