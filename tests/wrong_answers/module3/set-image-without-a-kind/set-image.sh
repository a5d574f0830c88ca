kubectl set image counter counter=busybox:1.37
