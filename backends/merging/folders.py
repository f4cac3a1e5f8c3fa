"""Task "checkpoints": models on the disk, checked against each other and merged there, shard by shard."""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from backends.knobs import upload_of
from backends.made import name_of
from backends.merging.apart import by_layer
from backends.merging.checking import Checked, check
from backends.merging.mergekit_yaml import Recipe, read_yaml, write_yaml
from backends.merging.mix import METHOD_NAMES, Mix
from backends.merging.parents import BASE, LANGUAGE, REASONERS
from backends.merging.reloading import compare
from backends.merging.results import MAX_TEXT, Finding, Folders
from backends.merging.settings import MergingSettings
from backends.merging.sources import open_folder
from backends.merging.streaming import Streamed, stream
from backends.run import Inputs, Progress
from backends.rungs import rung_of
from models.catalogue import Role, Rung, at_stage, declare, folder_of, missing_files
from models.devices import MB
from worlds.errors import InputError

COMPARED_MB = 1_000  # of a merged model whose first logits are compared with those of a merge in memory
MAX_YAML = 1_000_000  # bytes


class Disk:
    """A merge of models on the disk.

    Attributes:
        made: the name of what was written.    notes: what is to be known of it.
    """

    def __init__(self, settings: MergingSettings, inputs: Inputs) -> None:
        self._settings, self._inputs = settings, inputs
        self.made: tuple[str, ...] = ()
        self.notes: list[str] = []

    def events(self) -> Iterator[Progress | Folders]:
        """Yield what was found, then, where it is wanted, what was written.

        Raises:
            InputError: the models, the recipe or the file cannot be used, or there is no room; one sentence says why.
        """
        started, vlm = time.monotonic(), self._rung(self._settings.model, "vlm")
        assert vlm is not None  # its setting is never empty, but by hand
        recipe = self._recipe(vlm.name)
        makes = self._inputs.makes
        target = makes.beside() if makes is not None else Path.cwd() / "merged"
        yield Progress(0.0, "Reading headers")
        checked = self._checked(vlm, recipe, target)
        self.notes += [*checked.notes, *(recipe.notes if recipe else ())]
        found = _told(checked, self._yaml(checked))
        yield found
        if self._settings.checks_only or makes is None:
            return
        try:
            streamed = yield from stream(checked, target)
            found = _written(found, streamed)
            yield found
            yield Progress(0.99, "Comparing with a merge in memory")
            difference = self._difference(checked, target)
            self._keep(streamed, vlm, checked)
        finally:
            shutil.rmtree(target, ignore_errors=True)  # what was kept was moved away
        yield found.model_copy(update={"first_logit": difference, "seconds": time.monotonic() - started})

    def _recipe(self, vlm: str) -> Recipe | None:
        said = self._settings.recipe
        if not said:
            return None
        content = self._inputs.file(upload_of(said, "recipe")).read_bytes()
        if len(content) > MAX_YAML:
            raise InputError(f"The recipe is {len(content) / MB:.1f} MB large; at most 1 MB is read.")
        try:
            return read_yaml(content.decode("utf-8-sig"), vlm=vlm)
        except UnicodeDecodeError as error:
            raise InputError("The recipe is no text. A YAML of mergekit is due.") from error

    def _checked(self, vlm: Rung, recipe: Recipe | None, target: Path) -> Checked:
        folder = folder_of(vlm)
        if self._settings.official:
            file = self._inputs.file(upload_of(self._settings.official, "official"))
            return check(folder, file, mix=Mix("linear", 0.0), target=target, names=(vlm.name, self._settings.official, ""))
        reason, base = self._others(vlm)
        if reason is None:
            raise InputError("There is no reasoning model. Choose one as 'reasoner'.")
        mix = recipe.mix if recipe else self._settings.mix(_layers_of(open_folder(folder, name=vlm.name).config))
        names = (vlm.name, reason.name, base.name if base else "")
        return check(folder, folder_of(reason), folder_of(base) if base else None, mix=mix, target=target, names=names)

    def _others(self, vlm: Rung) -> tuple[Rung | None, Rung | None]:
        """The reasoning model and the base: those that are named, or the miniature's own."""
        settings, is_own = self._settings, vlm.is_miniature
        reason = self._rung(settings.reasoner, "language", REASONERS[settings.kind] if is_own else "")
        return reason, self._rung(settings.base, "language", BASE if is_own and not settings.reasoner else "")

    def _rung(self, name: str, role: Role, stage: str = "") -> Rung | None:
        """What a setting names; where it is empty, a parent of the miniature; None where neither is."""
        if not name and not stage:
            return None
        rung = rung_of(name, role, made=self._inputs.model) if name else at_stage(rung_of(LANGUAGE, "language"), stage)
        if missing := missing_files(rung):
            raise InputError(missing)
        return rung

    def _yaml(self, checked: Checked) -> str:
        try:
            text, notes = write_yaml(checked.mix, vlm=checked.vlm.name, reason=checked.reason.name,
                                     base=checked.base.name if checked.base else "", num_layers=checked.pairs.num_layers)
        except InputError as error:
            self.notes.append(f"There is no recipe for mergekit: {error}")
            return ""
        self.notes += notes
        return text

    def _keep(self, streamed: Streamed, vlm: Rung, checked: Checked) -> None:
        """Make what was written a rung of the session."""
        assert self._inputs.makes is not None
        name = name_of("merging", {"record": streamed.record})
        said = {"role": "vlm", "title": f"Child of {vlm.title}, {METHOD_NAMES[checked.mix.method]}"[:200], "loader": "vlm",
                "architecture": vlm.architecture, "licence": vlm.licence, "parameters": vlm.parameters,
                "quantisations": list(vlm.quantisations), "made_for": ["merging"], "order": 0, "note": "Merged here."}
        declare(streamed.folder, said)
        self._inputs.makes.put(name, lambda folder: os.rename(streamed.folder, folder))
        self.made = (name,)

    def _difference(self, checked: Checked, folder: Path) -> float | None:
        """The largest difference of first logits between what was written and a merge in memory; None where it is too large."""
        if checked.needs.output / MB > COMPARED_MB:
            self.notes.append("The written model was not loaded again to compare its first logits: it is larger than "
                              f"{COMPARED_MB:,} MB.")
            return None
        return compare(checked, folder).largest_difference


def _layers_of(config: Mapping[str, object]) -> int:
    """Of the language model; 1 where the config does not say: `check` finds them in the names."""
    text = config.get("text_config", config)
    found = text.get("num_hidden_layers") if isinstance(text, dict) else None
    return found if isinstance(found, int) and found > 0 else 1


def _told(checked: Checked, yaml: str) -> Folders:
    """What was checked, in sentences."""
    pairs, needs = checked.pairs, checked.needs
    findings = [Finding(what="Names and shapes", verdict="fits",
                        found=f"{len(pairs.names):,} tensors in {pairs.num_layers} layers are there in all models, equally shaped")]
    if checked.meanings is None:
        findings.append(Finding(what="Tokenizers", verdict="warns", found="A tokenizer could not be read, so nobody knows whether "
                                "equal ids mean equal words"))
    else:
        found = checked.meanings
        first = "; first: " + ", ".join(f"{id_} is {a!r} and {b!r}" for id_, a, b in found.first) if found.first else ""
        told = (f"{found.same:,} ids mean the same text, {found.other:,} another{first}; {found.vlm_only:,} and "
                f"{found.reason_only:,} are in one model alone")
        findings.append(Finding(what="Tokenizers", verdict="warns" if found.other else "fits", found=told[:MAX_TEXT]))
    if checked.locked:
        findings.append(Finding(what="Embedding and head", verdict="warns", found=checked.locked[:MAX_TEXT]))
    findings += [Finding(what="Configurations", verdict="warns", found=note[:MAX_TEXT]) for note in checked.notes]
    findings.append(Finding(what="Memory and disk", verdict="fits", found=needs.sentence))
    return Folders(findings=tuple(findings[:200]), peak_mb=needs.peak / MB, output_mb=needs.output / MB, free_mb=needs.free / MB,
                   layout=", ".join(dict.fromkeys(own.vlm.partition("layers.")[0] for own in pairs.names.values()
                                                  if "layers." in own.vlm))[:MAX_TEXT],
                   shards=len(checked.vlm.shards), merged_tensors=len(checked.merged_names),
                   kept_tensors=len(checked.vlm.shapes) - len(checked.merged_names), yaml=yaml)


def _written(found: Folders, streamed: Streamed) -> Folders:
    return found.model_copy(update={"apart": by_layer(streamed.moved), "record": json.dumps(streamed.record, indent=1)})
