# Lab 4a: see README.md, "Selectors". Each question is answered by one line: kubectl get pods with a selector (-l).
# Names do not count: the lab relabels a Pod and asks again.
# TODO: 1. Which Pods are frontends? (tier is frontend)
# TODO: 2. Which frontends are not in qa?
# TODO: 3. Which Pods are a cache or a backend? Use a set: in (...)
# TODO: 4. Which Pods have no environment at all?
# WHY: Services, Deployments and people all find their objects in this way.
kubectl get pods
