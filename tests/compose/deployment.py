"""A copy of deploy/ that runs beside whatever else the machine runs: own project, port, secrets and volumes."""

from __future__ import annotations

import os
import shlex
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
#: Seconds for anything that containers take a while for.
DEADLINE_SECONDS = 300
PROJECT = "hookline-test"
#: Where a process says whether it is ready: the image has python and no other HTTP client.
_READY = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9000/readyz', timeout=5)"


class Deployment:
    """The compose file under `folder`, run by `compose` (its words), with nginx at `port`."""

    def __init__(self, folder: Path, compose: list[str], port: int) -> None:
        self.port = port
        self._compose = [*compose, "-p", PROJECT]
        self._engine = "podman" if compose[0].startswith("podman") else "docker"
        self._folder = folder / "deploy"
        self._file = self._folder / "compose.yaml"
        ignored = shutil.ignore_patterns("secrets", "__pycache__", "local")
        shutil.copytree(ROOT / "deploy", self._folder, ignore=ignored)
        self._run("sh", self._folder / "secrets.sh")
        services = yaml.safe_load(self._file.read_text("utf-8"))["services"]
        self._image = services["migrate"]["image"]
        #: Those that run on: ours, with an admin port.
        self.processes = [
            name for name, service in services.items() if service["image"] == self._image and "healthcheck" in service
        ]

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Trusts the certificate that deploy/secrets.sh made, and no other."""
        return ssl.create_default_context(cafile=str(self._folder / "secrets" / "tls.crt"))

    def secret(self, name: str) -> str:
        """The text of the secret file `name`."""
        return (self._folder / "secrets" / name).read_text("utf-8").strip()

    def write_secret(self, name: str, text: str) -> None:
        """As an operator does: into the file that is there."""
        (self._folder / "secrets" / name).write_text(text, "utf-8")

    def write_ingests(self, *names: str) -> None:
        """The ingests that nginx knows of."""
        lines = [f"{name}:8080\n" for name in names]
        (self._folder / "nginx" / "ingests").write_text("".join(lines), "utf-8")

    def build(self) -> None:
        """The image of this very code, under the compose file's tag. HOOKLINE_TEST_BUILD holds further options."""
        options = shlex.split(os.environ.get("HOOKLINE_TEST_BUILD", ""))
        self._run(self._engine, "build", *options, "-f", ROOT / "deploy" / "Dockerfile", "-t", self._image, ROOT)

    def up(self) -> None:
        """Create and start whatever is not there, or does not run."""
        self._run(*self._compose, "-f", self._file, "up", "--detach")

    def down(self) -> None:
        """Stop and remove every container; volumes stay."""
        self._run(*self._compose, "-f", self._file, "down", "-t", "40")

    def remove(self) -> None:
        """Everything that this deployment made, volumes and networks included."""
        self.down()
        label = f"label=com.docker.compose.project={PROJECT}"
        for kind in ("volume", "network"):
            names = self._run(self._engine, kind, "ls", "--quiet", "--filter", label).split()
            if names:
                self._run(self._engine, kind, "rm", *names)

    def replace(self, *services: str) -> str:
        """What deploy/replace.sh does, and says."""
        return self._run("sh", self._folder / "replace.sh", *services, COMPOSE=shlex.join(self._compose))

    def stop(self, service: str) -> None:
        """End a service; its container stays."""
        self._run(self._engine, "stop", "--time", "40", self.container(service))

    def start(self, service: str) -> None:
        """Start it again."""
        self._run(self._engine, "start", self.container(service))

    def run_once(self, service: str, *command: str) -> str:
        """`command` of ours in a container of its own with the settings, secrets and volumes of `service`."""
        return self._run(*self._compose, "-f", self._file, "run", "--rm", "--no-deps", "-T", service, *command)

    def execute(self, service: str, *command: str) -> str:
        """`command` in the running container of `service`. Raises CalledProcessError where it fails."""
        return self._run(self._engine, "exec", self.container(service), *command)

    def sql(self, statement: str) -> str:
        """What psql prints, unaligned and without headings."""
        return self.execute("postgres", "psql", "-U", "postgres", "-d", "hookline", "-Atc", statement).strip()

    def metrics(self, service: str) -> str:
        """What Prometheus would read of the process `service`."""
        read = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9000/metrics').read().decode())"
        return self.execute(service, "python", "-c", read)

    def log(self, service: str) -> str:
        """Everything that the container of `service` has written."""
        return self._run(self._engine, "logs", self.container(service), joined=True)

    def container(self, service: str) -> str:
        """The id of its container, running or not."""
        labels = {"com.docker.compose.project": PROJECT, "com.docker.compose.service": service}
        filters = [word for label, value in labels.items() for word in ("--filter", f"label={label}={value}")]
        (found,) = self._run(self._engine, "ps", "--all", "--quiet", *filters).split()
        return found

    def wait_ready(self) -> None:
        """Return once every process says that it is ready, and nginx reaches both ingests."""
        for name in self.processes:
            if name.startswith("ingest-"):
                self.execute("nginx", "/docker-entrypoint.d/30-upstream.sh", "wait", name)
            else:
                self.wait_until(partial(self._says_ready, name), f"{name} is not ready")

    def wait_until(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Return once `holds()` is true. Raises AssertionError saying `otherwise` after DEADLINE_SECONDS."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, otherwise
            time.sleep(1)

    def _says_ready(self, name: str) -> bool:
        return self._done(self._engine, "exec", self.container(name), "python", "-c", _READY).returncode == 0

    def _run(self, *command: str | Path, joined: bool = False, **variables: str) -> str:
        done = self._done(*command, joined=joined, **variables)
        if done.returncode != 0:
            print(done.stdout, done.stderr)
            done.check_returncode()
        return done.stdout

    def _done(self, *command: str | Path, joined: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=os.environ | {"HTTPS_PORT": str(self.port)} | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if joined else subprocess.PIPE,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS * 4,
        )
