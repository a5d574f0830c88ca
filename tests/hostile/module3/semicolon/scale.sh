kubectl scale deployment go-app --replicas=3; touch /tmp/kindlings-was-here
