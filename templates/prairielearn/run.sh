#!/usr/bin/env bash
set -uo pipefail
export KUBECONFIG=/grader/kubeconfig
results=/grade/results/results.json
mkdir -p /grade/results
# PrairieLearn's own limit would tell the learner to mend their code: be done before.
timeout --signal=INT --kill-after=10 570 \
  kindlings grade /grade/student --module module2 --timeout 420 \
  --kube-context grading --any-kube-context --format prairielearn --out "$results"
# PrairieLearn reads the file only where the container ends with 0, so a run that is not graded must, too.
[ -s "$results" ] || echo '{"gradable": false, "format_errors":
  ["This was not graded, and costs no attempt. Tell your instructor: the log says why."]}' >"$results"
exit 0
