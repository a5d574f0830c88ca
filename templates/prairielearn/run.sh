#!/usr/bin/env bash
set -uo pipefail
mkdir -p /grade/results
export KUBECONFIG=/grader/kubeconfig
kindlings grade /grade/student --module module2 --timeout 540 --kube-context grading --any-kube-context \
  --format prairielearn --out /grade/results/results.json
code=$?
# 7: not graded, which results.json says; PrairieLearn reads it only where the container ends with 0.
[ "$code" -eq 7 ] && exit 0
exit "$code"
