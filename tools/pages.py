"""Write docs/bounds/, one page a bound and an index, and the pages of docs/reference/, from the objects.

python tools/pages.py          writes the pages that differ
python tools/pages.py --check  names them and exits 1 if there are any
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import reference

from idbounds import bounds
from idbounds.explorer.sentences import shown
from idbounds.pages import index, page
from idbounds.statement import Bound

DOCS = Path(__file__).parents[1] / "docs"
BY_HAND = {DOCS / "reference" / "glossary.md"}


def derivation(bound: Bound) -> str:
    """Where the proof, its sources and its traps are."""
    family = bound.says.__module__.rpartition(".")[2].replace("_", "-")
    name = f"{family}-bounds.md" if (DOCS / "explain" / f"{family}-bounds.md").exists() else "bounds.md"
    title = (DOCS / "explain" / name).read_text("utf-8").partition("\n")[0].removeprefix("# ")
    wrong = "what calculators get wrong: [known errors](../explain/known-errors.md)"
    return f"Proof and sources: [{title}](../explain/{name}); {wrong}."


def pages() -> dict[Path, str]:
    """Every page by its file."""
    out = {DOCS / "bounds" / "index.md": index()}
    moved = {bound.id for bound in shown()}
    for bound in bounds.values():
        notes = [derivation(bound)]
        if bound.id in moved:
            notes.insert(0, f"{{explorer}}`Drag its symbols <sentence?bound={bound.id}>` in the explorer.")
        out[DOCS / "bounds" / f"{bound.id}.md"] = page(bound, notes)
    return out | {DOCS / "reference" / name: text for name, text in reference.pages().items()}


def main() -> int:
    """Write or check."""
    wanted = pages()
    stale = {path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text}
    extra = (
        {path for name in ("bounds", "reference") for path in (DOCS / name).glob("*.md")}
        - set(wanted)
        - BY_HAND
    )
    for path in sorted(stale | extra):
        print(path.relative_to(DOCS.parent))
    if "--check" in sys.argv[1:]:
        return int(bool(stale | extra))
    for path in extra:
        path.unlink()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
