"""Write the results block of README.md from the committed certificate and its replay.

    python tools/readme.py CERTIFICATE LOG    # LOG: what `idbounds certify` printed when it wrote CERTIFICATE

Nothing in the block is typed by hand; a test compares it with the certificate.
"""

from __future__ import annotations

import sys
from pathlib import Path

from idbounds.certificate import read

sys.path.insert(0, str(Path(__file__).parents[1]))
from validation.published import row

BEGIN, END = "<!-- results:begin (tools/readme.py) -->", "<!-- results:end -->"
FIGURE = "docs/figures/fashion-mnist.svg"


def block(certificate: Path, log: Path) -> str:
    """The text between the markers."""
    header, _ = read(certificate)
    claim, test = header["claim"], header["test"]
    prior_art = float(row("prior_art", "Fashion-MNIST, data-independent, from scratch").published)
    output = log.read_text("utf-8").strip("\n")
    return f"""
`make certify` prints (certificate: [{certificate}]({certificate}), seed {header["model"]["seed"]}):

```text
{output}
```

With confidence {1 - float(claim["delta"]):.0%} the error on new data is
at most **{100 * float(claim["value"]):.1f}%**; on the test set it is {100 * test["errors"] / test["n"]:.1f}%.
The message has {claim["code_bits"]:,} bits. The best published bound from scratch with a prior that has
not seen the data is {prior_art:.1%} (Lotfi et al. 2022).

![Every bound against the test error, and the bits of the message by part]({FIGURE})
"""


def main() -> None:
    """Replace the block."""
    certificate, log = map(Path, sys.argv[1:3])
    readme = Path("README.md")
    text = readme.read_text("utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n{block(certificate, log)}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
