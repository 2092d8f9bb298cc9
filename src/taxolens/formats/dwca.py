"""A Darwin Core archive of occurrences: what GBIF and national portals take.

https://dwc.tdwg.org/text/ (TDWG 2009, with the terms of 2023). One row of `occurrence.txt` per organism that was
named: no blanks, no answers below the threshold, no people, no vehicles, no photos that could not be read. Columns
whose meaning needs a place are filled from the table of deployments where the user gives one. A machine said it:
`basisOfRecord` is MachineObservation, `identificationVerificationStatus` says that nobody has checked it, unless
somebody did. The user completes `eml.xml` (who, where, licence) before publishing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from xml.etree import ElementTree as Xml

from taxolens.core.printable import printable
from taxolens.core.records import UNSURE, Status
from taxolens.core.taxonomy import Taxon
from taxolens.core.version import VERSION
from taxolens.formats.about import About, Names
from taxolens.formats.camtrap_dp import file_path
from taxolens.formats.deployments import Deployment, Places
from taxolens.formats.media import by_file, in_utf8
from taxolens.formats.package import PackageTable, check_replaceable, member_of, written_package
from taxolens.formats.result import Result

NAME = "Darwin Core archive"
FILES = ("eml.xml", "meta.xml", "occurrence.txt")
_DWC = "http://rs.tdwg.org/dwc/terms/"
_TEXT = "http://rs.tdwg.org/dwc/text/"
_EML = "https://eml.ecoinformatics.org/eml-2.2.0"
_UNCHECKED, _CHECKED = "unverified by a person", "verified by a person"
COLUMNS = (
    "occurrenceID",
    "basisOfRecord",
    "occurrenceStatus",
    "eventID",
    "eventDate",
    "locationID",
    "locality",
    "decimalLatitude",
    "decimalLongitude",
    "geodeticDatum",
    "scientificName",
    "taxonRank",
    "taxonID",
    "vernacularName",
    "verbatimIdentification",
    "individualCount",
    "identifiedBy",
    "dateIdentified",
    "identificationVerificationStatus",
    "identificationRemarks",
    "associatedMedia",
)
"""Terms of Darwin Core, in the order of `occurrence.txt`."""


def write_dwca(results: Iterable[Result], out: Path, about: About) -> None:
    """Writes the archive, whole or not at all; results are taken one at a time.

    Args:
        out: a `.zip`, or a folder.

    Raises:
        UsageError: something else lies at `out`.
        DataError: there are deployments, and a photo fits to none.
        OutputError: it cannot be written; an earlier archive stays as it was.
    """
    check_replaceable(out, recognised=is_dwca(out), files=FILES)
    rows = _Rows(about)
    with written_package(out) as folder:
        with PackageTable(folder / "occurrence.txt", COLUMNS, delimiter="\t") as table:
            for _, of_file in by_file(results):
                for number, result in enumerate(of_file, start=1):
                    if rows.is_occurrence(result):
                        table.add(**rows.cells(result, number))
        _save(_meta(), folder / "meta.xml")
        _save(_metadata(about), folder / "eml.xml")


def is_dwca(path: Path) -> bool:
    """Whether a folder or `.zip` is an archive of this kind."""
    return _TEXT.encode() in (member_of(path, "meta.xml") or b"")


class _Rows:
    """Turns results into occurrences."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._names: Names = about.names()
        self._places = Places(about.deployments) if about.deployments else None
        self._identified = about.created.astimezone(UTC).isoformat(timespec="seconds")

    def is_occurrence(self, result: Result) -> bool:
        """Whether an organism was named; a person is one to nobody's good."""
        said = result.prediction
        if said.status is not Status.OK or said.label == UNSURE or result.category in ("person", "vehicle"):
            return False
        taxon = self._names[said.label]
        return taxon.role is None and said.label != result.category

    def cells(self, result: Result, number: int) -> dict[str, str | float | int | None]:
        """One row; `number` tells the answers of one file apart."""
        said = result.prediction
        taxon = self._names[said.label]
        by = result.corrected_by
        name = said.name.encode("utf-8", "surrogatepass")
        place = hashlib.blake2b(name, digest_size=10).hexdigest()
        cells = {
            "occurrenceID": f"taxolens:{self._about.model_sha256[:12]}:{place}:{number}",
            "basisOfRecord": "MachineObservation",
            "occurrenceStatus": "present",
            "eventID": result.event.name if result.event else result.sequence,
            "associatedMedia": file_path(said.name),
            "individualCount": 1 if said.box is not None else None,
            "identifiedBy": by or self._about.classifier,
            "dateIdentified": None if by else self._identified,
            "identificationVerificationStatus": _CHECKED if by else _UNCHECKED,
            "identificationRemarks": None if by else f"probability {float(said.score):.4f}",
            **self._taxon(taxon, said.label, result.rank),
            **self._place(result),
        }
        return {term: printable(cell) if isinstance(cell, str) else cell for term, cell in cells.items()}

    def _taxon(self, taxon: Taxon, label: str, rank: str | None) -> dict[str, str | float | int | None]:
        named = taxon.name(self._about.language)
        return {
            "scientificName": taxon.scientific or (label if rank else None),
            "taxonRank": (rank or taxon.rank or "").lower(),
            "taxonID": f"https://www.gbif.org/species/{taxon.gbif_id}" if taxon.gbif_id is not None else None,
            "vernacularName": named if named != label else None,
            "verbatimIdentification": label,
        }

    def _place(self, result: Result) -> dict[str, str | float | int | None]:
        taken = result.taken
        local = taken.isoformat(timespec="seconds") if taken else None
        if self._places is None:
            return {"eventDate": local, "locality": result.site}
        found: Deployment = self._places.find(result.prediction.name, result.site, taken)
        moment = found.moment(taken).isoformat(timespec="seconds") if taken else None
        whole = f"{found.start.date().isoformat()}/{found.end.date().isoformat()}"
        return {
            "eventDate": moment or whole,
            "locationID": found.more.get("locationID") or found.site,
            "locality": found.more.get("locationName") or found.site,
            "decimalLatitude": repr(found.latitude),
            "decimalLongitude": repr(found.longitude),
            "geodeticDatum": "EPSG:4326",
        }


def _meta() -> Xml.Element:
    """Which column is which term."""
    archive = Xml.Element("archive", {"xmlns": _TEXT, "metadata": "eml.xml"})
    core = Xml.SubElement(
        archive,
        "core",
        {
            "encoding": "UTF-8",
            "fieldsTerminatedBy": "\\t",
            "linesTerminatedBy": "\\r\\n",
            "fieldsEnclosedBy": '"',
            "ignoreHeaderLines": "1",
            "rowType": f"{_DWC}Occurrence",
        },
    )
    Xml.SubElement(Xml.SubElement(core, "files"), "location").text = "occurrence.txt"
    Xml.SubElement(core, "id", {"index": "0"})
    for index, term in enumerate(COLUMNS):
        Xml.SubElement(core, "field", {"index": str(index), "term": f"{_DWC}{term}"})
    return archive


def _metadata(about: About) -> Xml.Element:
    """What the data set is (EML 2.2.0); people are the user's to name."""
    told = about.project
    eml = Xml.Element(
        "eml:eml",
        {"xmlns:eml": _EML, "packageId": f"taxolens-{about.model_sha256[:12]}", "system": "Taxolens"},
    )
    dataset = Xml.SubElement(eml, "dataset")
    title = str(told.get("title") or "Occurrences identified in photos")
    Xml.SubElement(dataset, "title").text = printable(in_utf8(title))
    for role in ("creator", "metadataProvider"):
        Xml.SubElement(Xml.SubElement(dataset, role), "organizationName").text = _organisation(about)
    Xml.SubElement(dataset, "pubDate").text = about.created.date().isoformat()
    Xml.SubElement(dataset, "language").text = about.language
    abstract = Xml.SubElement(dataset, "abstract")
    Xml.SubElement(abstract, "para").text = in_utf8(
        f"Organisms that the model {printable(about.classifier)} named in photos, written by Taxolens {VERSION}. "
        "No person has checked those whose identificationVerificationStatus says so."
    )
    Xml.SubElement(Xml.SubElement(dataset, "contact"), "organizationName").text = _organisation(about)
    return eml


def _organisation(about: About) -> str:
    """The first contributor that the user names."""
    people = about.project.get("contributors")
    first = people[0] if isinstance(people, list | tuple) and people else None
    title = first.get("title") if isinstance(first, dict) else None
    return printable(in_utf8(str(title))) if title else "unknown"


def _save(element: Xml.Element, path: Path) -> None:
    Xml.indent(element)
    Xml.ElementTree(element).write(path, encoding="UTF-8", xml_declaration=True)
