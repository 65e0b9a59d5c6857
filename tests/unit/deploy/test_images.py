"""Every image that a file of ours names stands with its digest, or with a reason why it does not."""

from __future__ import annotations

import re
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
HARDENING = DEPLOY.parent / "docs" / "hardening.md"
#: What names an image: compose and Kubernetes, a Dockerfile's FROM, and the default of an argument that it takes.
_NAMED = re.compile(r"^\s*(?:- )?(?:image:|FROM|ARG [A-Z]+_IMAGE=)\s*[\"']?(?P<image>[^\s\"'#]+)", re.MULTILINE)
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")

#: Without a digest on purpose.
REASONS = {
    "hookline": "built from this checkout: whoever pushes it deploys the digest that the push printed",
    "${PYTHON_IMAGE}": "the argument above it, which is looked at itself",
    **dict.fromkeys(
        ("python", "apache/kafka", "postgres", "nginx", "prom/prometheus", "grafana/grafana"),
        "chosen where the registry can be reached and verified (docs/hardening.md, What is built): a digest that was "
        "not looked up there would be a guess, and machines without a registry build stand-ins under the same tag",
    ),
}


def named_images() -> dict[str, set[str]]:
    """By image, the files that name it."""
    found: dict[str, set[str]] = {}
    for file in (*DEPLOY.rglob("Dockerfile*"), *DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml")):
        for named in _NAMED.finditer(file.read_text("utf-8")):
            found.setdefault(named["image"], set()).add(file.relative_to(DEPLOY).as_posix())
    return found


def _name(image: str) -> str:
    return image.partition(":")[0] if "$" not in image else image


def test_no_image_stands_without_a_digest_or_a_reason() -> None:
    images = named_images()
    assert {"Dockerfile", "compose.yaml"} <= {file for files in images.values() for file in files}
    bare = {_name(image): files for image, files in images.items() if not _DIGEST.search(image)}
    assert bare.keys() == REASONS.keys(), bare


def test_whoever_deploys_is_told_how_to_give_each_its_digest() -> None:
    text = HARDENING.read_text("utf-8")
    for image in named_images():
        if _name(image) not in ("hookline", "${PYTHON_IMAGE}"):
            assert f"{image}@sha256:" in text, image


def test_an_image_has_a_tag_that_says_its_version() -> None:
    for image in named_images():
        if "$" not in image and image != "hookline":  # Kubernetes: the kustomization names its tag
            assert re.search(r":[^:]*[0-9]", image), image
