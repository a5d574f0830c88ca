kubectl set image deployment/counter count=busybox:1.37
