"""The ladder: what a rung is, the published checkpoints, the miniatures, and folders of one's own."""

from models.catalogue.folders import (
    DETECTOR_CLASSES,
    LANGUAGE_CLASSES,
    SIMILARITY_CLASSES,
    VLM_CLASSES,
    family_thresholds,
    is_local_name,
    local_folders,
    local_rung,
)
from models.catalogue.ladder import (
    RUNGS,
    at_epoch,
    availability,
    downloads_allowed,
    epochs,
    find,
    folder_of,
    missing_files,
    name_of,
    rungs,
    smaller_choice,
)
from models.catalogue.miniatures import MINIATURES
from models.catalogue.rung import Availability, Loader, Quantisation, Role, Rung

__all__ = [
    "DETECTOR_CLASSES",
    "LANGUAGE_CLASSES",
    "MINIATURES",
    "RUNGS",
    "SIMILARITY_CLASSES",
    "VLM_CLASSES",
    "Availability",
    "Loader",
    "Quantisation",
    "Role",
    "Rung",
    "at_epoch",
    "availability",
    "downloads_allowed",
    "epochs",
    "family_thresholds",
    "find",
    "folder_of",
    "is_local_name",
    "local_folders",
    "local_rung",
    "missing_files",
    "name_of",
    "rungs",
    "smaller_choice",
]
