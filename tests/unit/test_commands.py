"""A file of kubectl lines: what a lab takes, and every way around it that was thought of."""

from __future__ import annotations

from pathlib import Path

import pytest

from kindlings import commands
from kindlings.errors import LabFailure, Place

NAMESPACE = "module3-lab"
EVERYTHING = tuple(commands.VERBS)


def read(folder: Path, text: str) -> list[commands.Command]:
    """Return the commands of a file with this text."""
    (folder / "scale.sh").write_bytes(text.encode())
    return commands.read(folder / "scale.sh")


def parse(line: str, *allowed: str) -> commands.Parsed:
    """Return one line taken apart; without `allowed`, where every verb that there is may be used."""
    words = commands._split(line, Place("scale.sh", 1))
    return commands.parse(
        commands.Command(Place("scale.sh", 1), line, tuple(words[1:])), allowed or EVERYTHING, NAMESPACE
    )


def refusal(folder: Path, text: str, *allowed: str) -> str:
    """Return why a file is refused, whether while it is read or while its commands are taken apart."""

    def whole() -> None:
        for one in read(folder, text):
            commands.parse(one, allowed or EVERYTHING, NAMESPACE)

    with pytest.raises(LabFailure) as failure:
        whole()
    findings = failure.value.findings
    assert findings.place is not None
    assert findings.place.file == "scale.sh"
    return findings.because or findings.saw


def test_comments_and_blank_lines_are_left_out(tmp_path: Path) -> None:
    """Each command knows its line and its words."""
    text = "# scale\n\n  kubectl scale deployment counter --replicas=3  # to three\r\n"
    (one,) = read(tmp_path, text)
    assert str(one.place) == "scale.sh:3"
    assert one.words == ("scale", "deployment", "counter", "--replicas=3")


def test_quotes_keep_words_together(tmp_path: Path) -> None:
    """As in a shell, also inside a word; an empty pair is an empty word."""
    (one,) = read(tmp_path, "kubectl get pods -l 'tier in (a, b)' \"x y\" a'b c'd '' '$HOME;*'\n")
    assert one.words == ("get", "pods", "-l", "tier in (a, b)", "x y", "ab cd", "", "$HOME;*")


def test_inequality_needs_no_quotes(tmp_path: Path) -> None:
    """No shell makes anything of != in the middle of a word, nor of # and ~."""
    (one,) = read(tmp_path, "kubectl get pods -l tier!=cache a#b c~d")
    assert one.words[3:] == ("tier!=cache", "a#b", "c~d")


SHELL = [
    ("kubectl get pods; rm -rf /", "semicolon"),
    ("kubectl get pods | sh", "pipe"),
    ("kubectl get pods && id", "ampersand"),
    ("kubectl get pods &", "ampersand"),
    ("kubectl get pods > /etc/passwd", "redirection"),
    ("kubectl apply -f - < x", "redirection"),
    ("kubectl get $(id)", "dollar"),
    ("kubectl get ${IFS}", "dollar"),
    ("kubectl get `id`", "backquote"),
    ('kubectl get "`id`"', "backquote"),
    ('kubectl get "$(id)"', "dollar"),
    ("kubectl get pods \\", "backslash"),
    ("kubectl get po\\ds", "backslash"),
    ("kubectl get *", "star"),
    ("kubectl get p?ds", "question mark"),
    ("kubectl get [a-z]", "bracket"),
    ("kubectl get {a,b}", "brace"),
    ("kubectl get ~/x", "tilde"),
    ("kubectl get !!", "exclamation"),
    ("kubectl get pods -l 'a", "never closed"),
    ('kubectl get "', "never closed"),
    ("kubectl scale \u2013replicas=3", "hyphen"),
    ("kubectl scale \u201cx\u201d", "typographic"),
    ("kubectl get\u00a0pods", "invisible"),
    ("kubectl get po\u200bds", "invisible"),
    ("kubectl get pods\x00", "invisible"),
    ("kubectl get pods\x1b[2J", "invisible"),
    ("kubectl get \u202epods", "invisible"),
    ("kubectl get pods\x0bid", "invisible"),
    ("kubectl get pods\rid", "invisible"),
    ("kubectl get pods\u2028id", "invisible"),
    ("sudo kubectl get pods", "no other program"),
    ("kubectl.exe get pods", "no other program"),
    ("/usr/bin/kubectl get pods", "no other program"),
    ("KUBECONFIG=x kubectl get pods", "no other program"),
    ("env kubectl get pods", "no other program"),
    ("$ kubectl get pods", "dollar"),
    ("''kubectl get pods > x", "redirection"),
    ("export A=b", "no other program"),
    ("if true", "no other program"),
    ("kubectl get " + "x" * 1000, "characters"),
    ("# nothing", "no line begins"),
    ("kubectl get pods\n" * 21, "21"),
]


@pytest.mark.parametrize(("text", "word"), SHELL)
def test_a_shell_is_not_there(tmp_path: Path, text: str, word: str) -> None:
    """Each is refused with its line and a plain word for what was found."""
    assert word in refusal(tmp_path, text + "\n")


HOSTILE = [
    # Verbs that no lab takes.
    *(
        f"kubectl {verb}"
        for verb in (
            *(
                "edit deployment counter",
                "exec counter -- sh",
                "cp a b",
                "proxy",
                "debug counter",
                "attach counter",
            ),
            *(
                "port-forward counter 80",
                "plugin list",
                "config view",
                "config use-context x",
                "run x --image=y",
            ),
            *(
                "create -f x.yaml",
                "replace -f x.yaml",
                "drain node",
                "cordon node",
                "taint nodes x",
                "top pods",
            ),
            *(
                "certificate approve x",
                "auth can-i get pods",
                "api-resources",
                "cluster-info dump",
                "kustomize .",
            ),
            *(
                "explain pods",
                "diff -f x.yaml",
                "options",
                "version",
                "alpha",
                "completion bash",
                "events",
                "",
            ),
            *(
                "set",
                "set selector x",
                "set serviceaccount x",
                "set subject x",
                "rollout",
                "kuberc view",
                "ksh",
            ),
            *("-n x get pods", "--kubeconfig=x get pods", "get-x", "--", "-h", "--help"),
        )
    ),
    # Whose connection, and as whom.
    *(
        f"kubectl get pods {flag}"
        for flag in (
            *("--kubeconfig=/home/ada/.kube/config", "--kubeconfig /home/ada/.kube/config", "--kuberc=x"),
            *("--server=http://x", "--server http://x", "-s http://x", "-shttp://x", "-s=http://x"),
            *("--as=admin", "--as admin", "--as-group=system:masters", "--as-uid=0", "--as_group=x"),
            *("--as-user-extra=x=y", "--token=x", "--context=x", "--cluster=x", "--user=x", "--username=x"),
            *("--password=x", "--insecure-skip-tls-verify", "--insecure-skip-tls-verify=true"),
            *("--certificate-authority=x", "--client-certificate=x", "--client-key=x", "--tls-server-name=x"),
            *("--cache-dir=/tmp/x", "--profile=cpu", "--profile-output=/tmp/x", "--raw=/api", "--raw /api"),
            *(
                "--log-file=/tmp/x",
                "--vmodule=x=9",
                "--v=9",
                "-v=9",
                "-v9",
                "-v 9",
                "-v=05x",
                "--request-timeout=0",
            ),
            *("-n kube-system", "-nkube-system", "-n=kube-system", "--namespace=kube-system"),
            *("--namespace kube-system", "-n", "-A", "--all-namespaces", "-wA", "-w", "--watch", "--"),
            *(
                "-o go-template-file=/etc/passwd",
                "-o jsonpath-file=/etc/passwd",
                "-ojsonpath-file=/etc/passwd",
            ),
            *("-o=custom-columns-file=/etc/passwd", "-o template --template=/etc/passwd", "--template=x"),
            *("-f /etc/passwd", "--filename=x.yaml", "-k .", "--kustomize=.", "--server-print=false"),
            *(
                "--allow-missing-template-keys",
                "-R",
                "--recursive",
                "--warnings-as-errors",
                "--use-openapi-print-columns",
            ),
        )
    ),
    # Files.
    *(
        f"kubectl apply {flag}"
        for flag in (
            *(
                "-f https://x/y.yaml",
                "-fhttps://x/y.yaml",
                "--filename=https://x",
                "-f -",
                "-f-",
                "-f=-",
                "-f ../x",
            ),
            *(
                "-f /etc/passwd",
                "-f ./x.yaml",
                "-f a/b.yaml",
                "-f 'a\\b.yaml'",
                "-f ..",
                "-f .",
                "-f ''",
                "-f",
            ),
            *("-k .", "-k=.", "--kustomize=x", "-R -f x.yaml", "--prune -f x.yaml", "--force -f x.yaml"),
            *("edit-last-applied -f x.yaml", "view-last-applied deployment/x", "set-last-applied -f x.yaml"),
            *("-f x.yaml extra", "-f x.yaml --server-side", "-f x.yaml --field-manager=kindlings"),
        )
    ),
    # Flags that other verbs have for files, and writes everywhere.
    "kubectl patch deployment x --patch-file=/etc/passwd",
    "kubectl patch -f x.yaml -p x",
    "kubectl set env deployment/x --from=secret/y",
    "kubectl set env deployment/x -e A=b",
    "kubectl set image -f x.yaml a=b",
    "kubectl set image --local -f x.yaml a=b",
    "kubectl label pods -f x.yaml a=b",
    "kubectl scale -f x.yaml --replicas=1",
    "kubectl delete pods --all -A",
    "kubectl delete pods --all --all-namespaces",
    "kubectl delete --raw /api",
    "kubectl delete -k .",
    "kubectl delete -f https://x",
    "kubectl logs counter -f",
    "kubectl logs counter --follow",
    "kubectl logs counter --insecure-skip-tls-verify-backend",
    "kubectl scale deployment x --replicas",
    "kubectl annotate deployment x a=b --overwrite=false",
]


@pytest.mark.parametrize("line", HOSTILE)
def test_nothing_leads_out_of_the_lab(tmp_path: Path, line: str) -> None:
    """Refused whatever verbs a lab allows, each with its place."""
    assert refusal(tmp_path, line + "\n")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A file of commands is a file of its own folder."""
    inside = tmp_path / "lab"
    inside.mkdir()
    (tmp_path / "other").write_text("kubectl get pods\n")
    (inside / "scale.sh").symlink_to(tmp_path / "other")
    with pytest.raises(LabFailure, match="leads out of its folder"):
        commands.read(inside / "scale.sh")


def test_a_missing_file_is_said() -> None:
    """No such file is the learner's to mend."""
    with pytest.raises(LabFailure, match="no such file"):
        commands.read(Path("nowhere") / "scale.sh")


TAKEN = [
    ("kubectl scale deployment counter --replicas=3", ["scale", "--replicas=3", "deployment", "counter"]),
    ("kubectl scale deployment/counter --replicas 3", ["scale", "--replicas=3", "deployment/counter"]),
    ("kubectl set image deployment/counter counter=busybox:1.37", None),
    ("kubectl rollout undo deployment counter --to-revision=2", None),
    ("kubectl get pods -lapp=counter", ["get", "-l=app=counter", "pods"]),
    ("kubectl get pods -l app=counter -o wide", ["get", "-l=app=counter", "-o=wide", "pods"]),
    (f"kubectl get pods -n {NAMESPACE} -v=5", ["get", f"-n={NAMESPACE}", "-v=5", "pods"]),
    (
        "kubectl annotate deployment/x note='a b' --overwrite",
        ["annotate", "--overwrite", "deployment/x", "note=a b"],
    ),
    ("kubectl label pods x tier-", ["label", "pods", "x", "tier-"]),
]


@pytest.mark.parametrize(("line", "arguments"), TAKEN)
def test_what_a_lab_allows_is_taken(line: str, arguments: list[str] | None) -> None:
    """Each flag becomes one word, so that its value is never taken for a flag."""
    parsed = parse(line)
    assert arguments is None or parsed.arguments == arguments


def test_a_lab_takes_its_own_verbs_only(tmp_path: Path) -> None:
    """The refusal names those that it takes."""
    why = refusal(tmp_path, "kubectl rollout undo deployment x\n", "scale", "rollout history")
    assert why == "kubectl rollout undo (scale.sh:1): this lab takes kubectl scale or kubectl rollout history"


def test_a_lab_may_narrow_the_flags(tmp_path: Path) -> None:
    """A verb with flags in the marker takes no others."""
    assert parse("kubectl get pods -l a=b", "get -l").flags == (("-l", "a=b"),)
    assert "takes -l" in refusal(tmp_path, "kubectl get pods -o yaml\n", "get -l")
    assert "takes no flag" in refusal(tmp_path, "kubectl set image x --all\n", "set image")


def test_files_are_those_of_the_folder() -> None:
    """However -f is written."""
    assert parse("kubectl apply -f a.yaml --filename=b.yaml -fc.yaml").files == ("a.yaml", "b.yaml", "c.yaml")


def test_a_lesson_cannot_allow_what_no_lab_may() -> None:
    """That is its author's mistake."""
    with pytest.raises(AssertionError, match="edit"):
        parse("kubectl edit x", "edit")
