# 1. Equality.
kubectl get pods -l tier=frontend
# 2. A comma is an and. != is also true of Pods without the label.
kubectl get pods -l tier=frontend,environment!=qa
# 3. A set, in quotes, as a shell would make something of the parentheses.
kubectl get pods -l 'tier in (cache, backend)'
# 4. The key alone means "has it", with ! "has it not". Single quotes again: ! is the shell's, too.
kubectl get pods -l '!environment'
