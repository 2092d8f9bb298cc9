"""What `datapackage.json` of Camtrap DP 1.0.2 says of its tables and the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from types import MappingProxyType
from typing import Any

from taxolens.core.taxonomy import Taxon
from taxolens.core.version import VERSION
from taxolens.formats.about import About
from taxolens.formats.media import in_utf8

SCHEMAS = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/"
DEPLOYMENT_COLUMNS = tuple(
    [
        "deploymentID",
        "locationID",
        "locationName",
        "latitude",
        "longitude",
        "coordinateUncertainty",
        "deploymentStart",
        "deploymentEnd",
        "setupBy",
        "cameraID",
        "cameraModel",
        "cameraDelay",
        "cameraHeight",
        "cameraDepth",
        "cameraTilt",
        "cameraHeading",
        "detectionDistance",
        "timestampIssues",
        "baitUse",
        "featureType",
        "habitat",
        "deploymentGroups",
        "deploymentTags",
        "deploymentComments",
    ]
)
MEDIA_COLUMNS = tuple(
    [
        "mediaID",
        "deploymentID",
        "captureMethod",
        "timestamp",
        "filePath",
        "filePublic",
        "fileName",
        "fileMediatype",
        "exifData",
        "favorite",
        "mediaComments",
    ]
)
OBSERVATION_COLUMNS = tuple(
    [
        "observationID",
        "deploymentID",
        "mediaID",
        "eventID",
        "eventStart",
        "eventEnd",
        "observationLevel",
        "observationType",
        "cameraSetupType",
        "scientificName",
        "count",
        "lifeStage",
        "sex",
        "behavior",
        "individualID",
        "individualPositionRadius",
        "individualPositionAngle",
        "individualSpeed",
        "bboxX",
        "bboxY",
        "bboxWidth",
        "bboxHeight",
        "classificationMethod",
        "classifiedBy",
        "classificationTimestamp",
        "classificationProbability",
        "observationTags",
        "observationComments",
    ]
)
_RANKS = frozenset({"kingdom", "phylum", "class", "order", "family", "genus", "species", "subspecies"})
_ISO_639_3 = MappingProxyType(
    {"en": "eng", "fr": "fra", "de": "deu", "es": "spa", "it": "ita", "nl": "nld", "pt": "por"}
)
_UNTOLD = (
    "Nobody told the sampling design and the capture method of the project; opportunistic and activityDetection "
    "stand for that."
)


@dataclass(slots=True)
class Seen:
    """What all results together hold.

    Attributes:
        taxa: scientific name -> taxon and rank.
        events: there are observations at the level of events.
    """

    taxa: dict[str, tuple[Taxon, str | None]] = field(default_factory=dict)
    events: bool = False


def descriptor(about: About, seen: Seen) -> dict[str, Any]:
    """The descriptor; what the user says of the project counts more than what we would say."""
    own = {key: value for key, value in about.project.items() if key not in ("resources", "profile")}
    told = own.pop("project", None)
    levels = ["media", "event"] if seen.events else ["media"]
    project = {
        "title": own.get("title") or "Camera traps",
        "samplingDesign": "opportunistic",
        "captureMethod": ["activityDetection"],
        "individualAnimals": False,
        "observationLevel": levels,
        **(told if isinstance(told, Mapping) else {}),
    }
    return {
        "resources": [_resource(name) for name in ("deployments", "media", "observations")],
        "profile": f"{SCHEMAS}camtrap-dp-profile.json",
        "created": about.created.astimezone(UTC).isoformat(timespec="seconds"),
        **({} if told else {"description": _UNTOLD}),
        "contributors": [{"title": f"Taxolens {VERSION}", "role": "contributor"}],
        "sources": [{"title": "Taxolens", "version": VERSION}],
        "project": project,
        "spatial": _spatial(about),
        "temporal": {
            "start": min(one.start for one in about.deployments).date().isoformat(),
            "end": max(one.end for one in about.deployments).date().isoformat(),
        },
        "taxonomic": [_taxonomic(name, *seen.taxa[name]) for name in sorted(seen.taxa)],
        **own,
    }


def _resource(name: str) -> dict[str, str]:
    return {
        "name": name,
        "path": f"{name}.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": f"{SCHEMAS}{name}-table-schema.json",
    }


def _spatial(about: About) -> dict[str, Any]:
    points = sorted({(one.longitude, one.latitude) for one in about.deployments})
    return {"type": "MultiPoint", "coordinates": [list(point) for point in points]}


def _taxonomic(name: str, taxon: Taxon, rank: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"scientificName": in_utf8(name)}
    if taxon.gbif_id is not None:
        told["taxonID"] = f"https://www.gbif.org/species/{taxon.gbif_id}"
    if rank and rank.lower() in _RANKS:
        told["taxonRank"] = rank.lower()
    names = {_ISO_639_3[code]: in_utf8(text) for code, text in taxon.names.items() if code in _ISO_639_3}
    return {**told, "vernacularNames": names} if names else told
