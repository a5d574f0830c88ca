kubectl patch deployment go-app -p '{"metadata":{"finalizers":["a/b"]}}'
