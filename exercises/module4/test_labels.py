"""Labels are what objects are found by; annotations are notes, and nothing is found by them."""

import pytest

from kindlings import Lab, all_with_image, annotated, change_cause, labelled, ready, rolled_out

pytestmark = pytest.mark.kinds("Deployment", "Pod")

by_selector = pytest.mark.commands("get -l --selector")


@pytest.mark.points(1)
@pytest.mark.hint("A Deployment's own labels and its Pods' labels stand in two places of one manifest.")
def test_a_deployment_and_its_pods_have_labels_of_their_own(lab: Lab) -> None:
    """labels.yaml labels the Deployment with its tier, and its Pod with its author."""
    counter = lab.apply("labels.yaml").deployment("counter")

    counter.wait(labelled(tier="backend"))
    counter.pods.wait(labelled(app="counter", author="Ali-Kahoot"))
    lab.pods("author=Ali-Kahoot").wait(ready(1))


@by_selector
@pytest.mark.points(2)
@pytest.mark.hint("-l key=value; a comma between two requirements means that both must hold; != is not.")
def test_equality_selects(lab: Lab) -> None:
    """Lines 1 and 2 of select.sh list the frontends, and those that are not in qa, whatever their names."""
    lab.apply("pods.yaml")

    answers = lab.run("select.sh")

    answers.answer(1).lists("trial", "web")
    answers.answer(2).lists("web")
    lab.pod("trial").label(tier="cache")
    lab.run("select.sh").answer(1).lists("web")


@by_selector
@pytest.mark.points(2)
@pytest.mark.hint("-l 'key in (a, b)' for a set, -l '!key' for objects without the label.")
def test_sets_select(lab: Lab) -> None:
    """Lines 3 and 4 of select.sh list caches and backends, and Pods without an environment."""
    lab.apply("pods.yaml")

    answers = lab.run("select.sh")

    answers.answer(3).lists("cache", "worker")
    answers.answer(4).lists("worker")
    lab.pod("trial").label(tier="cache", environment=None)
    again = lab.run("select.sh")
    again.answer(3).lists("cache", "trial", "worker")
    again.answer(4).lists("trial", "worker")


@pytest.mark.commands("get -l --selector -o --output")
@pytest.mark.points(1)
@pytest.mark.hint(
    "metadata.annotations takes any text; -o custom-columns=NAME:.metadata.name,... reads any field."
)
def test_an_annotation_is_read_and_not_selected_by(lab: Lab) -> None:
    """The contact of annotations.yaml finds no Deployment as a selector, and can be read from it."""
    counter = lab.apply("annotations.yaml").deployment("counter")
    counter.wait(annotated(contact="Team A <team-a@example.com>"))

    answers = lab.run("contact.sh")

    answers.answer(1).lists()
    answers.answer(2).shows("Team A <team-a@example.com>")
    counter.label(contact="team-a")
    lab.run("contact.sh").answer(1).lists("counter")


@pytest.mark.commands("set image", "annotate", "rollout history")
@pytest.mark.points(2)
@pytest.mark.hint("A note is an annotation of the Deployment; quotes keep two words together.")
def test_the_change_cause_is_shown_in_the_history(lab: Lab) -> None:
    """In history.sh, kubectl rollout history shows the notes of both versions."""
    counter = lab.apply("annotations.yaml").deployment("counter")
    counter.wait(rolled_out())
    counter.wait(change_cause(1, "first version"))

    lab.run("release.sh")

    counter.wait(change_cause(1, "first version"))
    counter.wait(change_cause(2, "second version"))
    counter.pods.wait(all_with_image("busybox:1.37"))
    lab.run("history.sh").shows("first version", "second version")
