"""The `kindlings` command: each command a few lines, everything heavy imported where it is needed."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kindlings import paths
from kindlings.authoring.cli import author
from kindlings.console import make_progress
from kindlings.desk import prompt as learners
from kindlings.errors import ExitCode, InfrastructureError, KindlingsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kindlings.progress import Progress

_EPILOG = """\b
Exit codes:
  0    all is well
  1    a lab failed
  2    the command line cannot be meant so
  7    the engine, the cluster or the machine failed (`kindlings doctor` looks)
  130  interrupted

To begin: `kindlings start`. To check a module: `pytest exercises/module1`.
"""


def main() -> None:
    """Run the command; every foreseeable trouble ends as plain lines on stderr and its exit code."""
    try:
        code = commands.main(prog_name="kindlings", standalone_mode=False)
    except KindlingsError as error:
        click.echo(f"kindlings: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except OSError as error:
        # A full disk or a folder that may not be written: nobody's bug, and no place for a traceback.
        where = error.filename or f"kindlings writes to {paths.state()} and {paths.cache()}"
        click.echo(f"kindlings: {error.strerror or error} ({where})", err=True)
        click.echo("Make room or mend that, then run the command again.", err=True)
        code = ExitCode.INFRASTRUCTURE
    except (click.Abort, KeyboardInterrupt):
        click.echo("kindlings: interrupted; run the same command again to go on", err=True)
        code = ExitCode.INTERRUPTED
    sys.exit(int(code or 0))


@click.group(
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="kindlings")
@click.option("--name", metavar="NAME", help="Speak of another cluster than `kindlings` (KINDLINGS_CLUSTER).")
def commands(name: str | None) -> None:
    """Learn Kubernetes by a pytest suite: edit manifests, and a real kind cluster says what they do."""
    if name:
        # The way that also reaches pytest and its workers.
        os.environ["KINDLINGS_CLUSTER"] = name


def _settings(command: Callable[..., int]) -> Callable[..., int]:
    """Give `command` the options of bringing the cluster up."""
    options = (
        click.option("--yes", "assume_yes", is_flag=True, help="Install what is missing without asking."),
        click.option("--from-source", is_flag=True, help="Build the node image here instead of pulling it."),
        click.option(
            "--allow-pull/--no-allow-pull",
            default=None,
            help="Let the nodes pull images (or no longer); at first they have the course's images only.",
        ),
        click.option("--fresh", is_flag=True, help="Replace the cluster by a new one."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@commands.command()
@_settings
def up(**settings: bool | None) -> int:
    """Bring the cluster up: engine, kind, kubectl, images, cluster; only what is missing."""
    _up(**settings)
    return ExitCode.OK


@commands.command()
@click.option("--all", "everything", is_flag=True, help="Also remove caches and the images made or pulled.")
def down(*, everything: bool) -> int:
    """Remove the cluster; exercises stay as they are."""
    from kindlings.cluster import down as removal  # noqa: PLC0415 - the cluster's modules take 0.3 s to import

    removal.down(_progress(), everything=everything)
    return ExitCode.OK


@commands.command()
def doctor() -> int:
    """Look at engine, tools, images, cluster and machine, and say what to do about what is wrong."""
    from kindlings.cluster import doctor as practice  # noqa: PLC0415 - as above

    findings = practice.examine()
    practice.show(findings)
    return ExitCode.INFRASTRUCTURE if any(finding.bad for finding in findings) else ExitCode.OK


@commands.command()
@_settings
def start(**settings: bool | None) -> int:
    """Bring the cluster up, then check the exercises up to the first unsolved one."""
    from kindlings import course  # noqa: PLC0415 - kept with its like

    here = Path("exercises")
    if course.is_packed() and not here.is_dir():
        raise UsageError("There is no course here.", "Make one: `kindlings init DIR`, then start in DIR.")
    _up(**settings)
    exercises = here if here.is_dir() else course.exercises()
    return _run([sys.executable, "-m", "pytest", str(exercises), "-x", "-q"])


@commands.command(
    add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def kubectl(arguments: tuple[str, ...]) -> int:
    """Run kubectl on the course's cluster; your own kubeconfig is left alone."""
    from kindlings.cluster import state  # noqa: PLC0415 - as above

    record = state.require(state.chosen_name())
    return _run([record.kubectl, *arguments], KUBECONFIG=str(state.kubeconfig(record.name)))


@commands.command()
def env() -> int:
    """Print what `eval "$(kindlings env)"` needs for your shell to speak to the course's cluster."""
    from kindlings.cluster import state  # noqa: PLC0415 - as above

    record = state.require(state.chosen_name())
    click.echo(f"export KUBECONFIG={shlex.quote(str(state.kubeconfig(record.name)))}")
    return ExitCode.OK


@commands.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Its port; by default any free one.")
def dashboard(port: int) -> int:
    """Show the cluster's Pods and their logs as a web page for this machine, until Ctrl-C."""
    from kindlings.cluster import access, state  # noqa: PLC0415 - as above
    from kindlings.cluster.api import Api  # noqa: PLC0415 - as above
    from kindlings.dashboard import Dashboard  # noqa: PLC0415 - as above

    record = state.require(state.chosen_name())
    page = Dashboard(access.ensure_recorder(Api(state.kubeconfig(record.name))), port)
    click.echo(f"Open {page.url} in a browser of this machine; Ctrl-C ends it.")
    with contextlib.suppress(KeyboardInterrupt):
        page.serve()
    page.close()
    return ExitCode.OK


commands.add_command(author)
_FORMATS = (
    *("github-classroom", "classroom50", "gradescope", "prairielearn"),
    *("junit", "markdown", "csv", "json"),
)


@commands.command()
@click.argument("submissions", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True)
@click.option("--jobs", type=click.IntRange(1), help="Grade a folder of submissions, so many at a time.")
@click.option("--shard", default="", metavar="I/N", help="Grade the I-th of N parts of a class.")
@click.option("--merge", is_flag=True, help="Grade nothing: merge folders that earlier runs have written.")
@click.option("--module", "modules", multiple=True, metavar="moduleN", help="Grade these modules only.")
@click.option("--format", "formats", multiple=True, type=click.Choice(_FORMATS), help="May be given twice.")
@click.option("--out", type=click.Path(path_type=Path), help="The file, or the folder of several formats.")
@click.option("--lab-timeout", type=click.FloatRange(1), default=300, show_default=True, help="Seconds.")
@click.option("--timeout", type=click.FloatRange(1), default=1800, show_default=True, help="Seconds.")
@click.option("--kube-context", metavar="NAME", help="Grade on an existing cluster.")
@click.option("--any-kube-context", is_flag=True, help="Also on one that does not look like a local one.")
@click.option("--pass-env", multiple=True, metavar="NAME", help="A variable that its kubeconfig needs.")
@click.option("--student", default="", help="The learner's name; by default the folder's.")
def grade(submissions: tuple[Path, ...], **options: Any) -> int:
    """Grade what a learner has handed in, by the installed lessons.

    With --jobs, --shard or a CSV of name,path: a class. docs/grading.md is the guide.
    """
    from kindlings.grading import command  # noqa: PLC0415 - seldom needed

    return command.run(submissions, command.Options(**options), _progress())


@commands.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--static", is_flag=True, help="Look at the manifests alone, without a cluster.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["human", "problems"]),
    default="human",
    help="problems: a line for each finding, FILE:LINE:COLUMN: LEVEL: MESSAGE, for editors.",
)
def check(files: tuple[Path, ...], style: str, *, static: bool) -> int:
    """Say what is wrong with manifests (and folders of them), as far as it can be told without a cluster.

    Of the course's files also what their lab asks for, and of files of kubectl lines what it does not take.
    """
    from kindlings.desk import foreseen  # noqa: PLC0415 - kept with its like
    from kindlings.writers import problems  # noqa: PLC0415 - as above

    if not static:
        raise UsageError(
            "`kindlings check` needs --static: it looks at manifests without a cluster.",
            "To check a module on the cluster: pytest exercises/moduleN",
        )
    if not files:
        raise UsageError("Which manifests?", "Name files or folders: kindlings check --static FILE...")
    report = foreseen.check(files)
    text = problems.for_editors(report) if style == "problems" else problems.for_people(report)
    click.echo(text, nl=bool(text))
    return ExitCode.FAILED if report.errors else ExitCode.OK


@commands.command()
@click.argument("namespace")
@click.option("--file", "files", multiple=True, type=click.Path(path_type=Path), help="Name its lines, too.")
@click.option("--kube-context", metavar="NAME", help="Look at another cluster of your own kubeconfig.")
def explain(namespace: str, files: tuple[Path, ...], kube_context: str | None) -> int:
    """Say what is not well in NAMESPACE and why; nothing there is changed."""
    from kindlings import survey  # noqa: PLC0415 - the cluster's modules take 0.3 s to import
    from kindlings.writers import message  # noqa: PLC0415 - kept with its like

    text, unwell = survey.explain_namespace(namespace, files, kube_context)
    click.echo("\n\n".join(map(message.shown, text.split("\n\n"))))
    return ExitCode.FAILED if unwell else ExitCode.OK


@commands.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> int:
    """Run the project's own tests with tox; further arguments are tox's."""
    from kindlings import course  # noqa: PLC0415 - kept with its like

    project = course.root()
    if not (project / "tox.ini").is_file():
        raise UsageError(
            "The project's tests are not installed.", "Run `./kindlings test` in its repository."
        )
    return _run([sys.executable, "-m", "tox", "-c", str(project / "tox.ini"), *arguments])


learners.register(commands)


def _up(**settings: bool | None) -> None:
    from kindlings.cluster.up import Settings  # noqa: PLC0415 - the cluster's modules take 0.3 s to import
    from kindlings.cluster.up import up as bring_up  # noqa: PLC0415 - as above

    bring_up(_progress(), Settings(**settings))  # type: ignore[arg-type] # click knows the names and types


def _progress() -> Progress:
    return make_progress(sys.stderr)


def _run(command: Sequence[str], **environment: str) -> int:
    """Run `command` in the foreground and return its exit code; Ctrl-C is for it to answer."""
    try:
        with subprocess.Popen(command, env={**os.environ, **environment}) as process:
            while True:
                with contextlib.suppress(KeyboardInterrupt):
                    return process.wait()
    except OSError as error:
        raise InfrastructureError(
            f"{command[0]} cannot be started: {error.strerror}.",
            "Run `kindlings up`: it brings what is missing.",
        ) from None
