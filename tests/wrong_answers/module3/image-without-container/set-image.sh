kubectl set image deployment/counter busybox:1.37
