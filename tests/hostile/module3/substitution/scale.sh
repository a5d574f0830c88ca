kubectl scale deployment $(touch /tmp/kindlings-was-here) --replicas=3
