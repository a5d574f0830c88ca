kubectl apply -f https://example.com/x.yaml
