"""Merges with mergekit, in a process of its own: `python by_mergekit.py RECIPE OUT MASKS`. Needs mergekit, and nothing of this app.

Three arguments for each of several merges. MASKS is a safetensors file with what DARE is to keep, each under the digest of the task
vector that it belongs to, or a dash: mergekit draws by itself, and what is compared is not the dice.
"""

import sys
from hashlib import sha256
from pathlib import Path

import yaml

SHARD_BYTES = 500_000_000


def key_of(vector) -> str:
    """The digest of a task vector, float32."""
    return sha256(vector.contiguous().numpy().tobytes()).hexdigest()


def main(jobs: list[str]) -> None:
    import mergekit.sparsify
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions
    from safetensors.torch import load_file

    draws = mergekit.sparsify.bernoulli
    for recipe, out, masks in zip(*[iter(jobs)] * 3):
        kept = {} if masks == "-" else load_file(masks)

        def given(tensor, density, rescale_norm=None, kept=kept):
            mask = kept[key_of(tensor)].to(tensor.dtype)
            return mergekit.sparsify.rescaled_masked_tensor(tensor, mask, rescale_norm)

        mergekit.sparsify.bernoulli = given if kept else draws
        run_merge(MergeConfiguration.model_validate(yaml.safe_load(Path(recipe).read_text())), out, MergeOptions(
            copy_tokenizer=False, write_model_card=False, quiet=True, out_shard_size=SHARD_BYTES))


if __name__ == "__main__":
    main(sys.argv[1:])
