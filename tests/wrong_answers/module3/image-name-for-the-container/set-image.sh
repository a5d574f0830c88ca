kubectl set image deployment/counter busybox=busybox:1.37
