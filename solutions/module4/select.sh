#| # Lab 4a: see README.md, "Selectors". Each question is answered by one line: kubectl get pods with a selector (-l).
#| # Names do not count: the lab relabels a Pod and asks again.
#| # TODO: 1. Which Pods are frontends? (tier is frontend)
#| # TODO: 2. Which frontends are not in qa?
#| # TODO: 3. Which Pods are a cache or a backend? Use a set: in (...)
#| # TODO: 4. Which Pods have no environment at all?
#| # WHY: Services, Deployments and people all find their objects in this way.
#| kubectl get pods
# BEGIN SOLUTION
# 1. Equality.
kubectl get pods -l tier=frontend
# 2. A comma is an and. != is also true of Pods without the label.
kubectl get pods -l tier=frontend,environment!=qa
# 3. A set, in quotes, as a shell would make something of the parentheses.
kubectl get pods -l 'tier in (cache, backend)'
# 4. The key alone means "has it", with ! "has it not". Single quotes again: ! is the shell's, too.
kubectl get pods -l '!environment'
# END SOLUTION
