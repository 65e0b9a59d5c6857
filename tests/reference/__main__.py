"""`make docs`: writes the reference pages that are not as they ought to be, and names them."""

from __future__ import annotations

from tests.reference import pages

for path, text in pages().items():
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
        print(f"wrote {path.parent.name}/{path.name}")
