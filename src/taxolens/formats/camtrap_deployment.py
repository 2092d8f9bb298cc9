"""A deployment as a row of Camtrap DP's `deployments.csv`."""

from __future__ import annotations

from taxolens.core.errors import DataError
from taxolens.formats.boxes import finite
from taxolens.formats.deployments import Deployment

_WHOLE = {
    "coordinateUncertainty": (1, None),
    "cameraDelay": (0, None),
    "cameraTilt": (-90, 90),
    "cameraHeading": (0, 360),
}
_NUMBERS = ("cameraHeight", "cameraDepth", "detectionDistance")
_TEXTS = (
    "locationID",
    "locationName",
    "setupBy",
    "cameraID",
    "cameraModel",
    "habitat",
    "deploymentGroups",
    "deploymentTags",
    "deploymentComments",
)
_YES_NO = ("timestampIssues", "baitUse")
_FEATURES = frozenset(
    [
        "roadPaved",
        "roadDirt",
        "trailHiking",
        "trailGame",
        "roadUnderpass",
        "roadOverpass",
        "roadBridge",
        "culvert",
        "burrow",
        "nestSite",
        "carcass",
        "waterSource",
        "fruitingTree",
    ]
)


def deployment_cells(deployment: Deployment, *, issues: bool) -> dict[str, str | float | int | None]:
    """Its cells by column.

    Args:
        issues: photos tell no time, or one that the deployment does not hold.

    Raises:
        DataError: a further column of the user's table holds what Camtrap DP does not take.
    """
    more = {column: text for column, text in deployment.more.items() if text}
    cells: dict[str, str | float | int | None] = {column: more.get(column) for column in _TEXTS}
    if not (cells["locationID"] or cells["locationName"]):
        cells["locationName"] = deployment.site
    for column in (*_WHOLE, *_NUMBERS, *_YES_NO, "featureType"):
        if column in more:
            _check(deployment, column, more[column])
            cells[column] = more[column].lower() if column in _YES_NO else more[column]
    if issues:
        cells["timestampIssues"] = "true"
    return cells | {
        "deploymentID": deployment.id,
        "latitude": repr(deployment.latitude),
        "longitude": repr(deployment.longitude),
        "deploymentStart": deployment.start.isoformat(timespec="seconds"),
        "deploymentEnd": deployment.end.isoformat(timespec="seconds"),
    }


def _check(deployment: Deployment, column: str, text: str) -> None:
    if column in _YES_NO:
        good = text.lower() in ("true", "false")
    elif column == "featureType":
        good = text in _FEATURES
    else:
        good = _is_number(text, *_WHOLE.get(column, (0, None)), whole=column in _WHOLE)
    if not good:
        raise DataError(
            "Camtrap DP does not take {text} as {column} of the deployment {id}. Correct the table of "
            "deployments or leave the cell empty.",
            text=text,
            column=column,
            id=deployment.id,
        )


def _is_number(text: str, least: int, most: int | None, *, whole: bool) -> bool:
    number = finite(text)
    if number is None or (whole and not text.lstrip("+-").isdigit()):
        return False
    return least <= number and (most is None or number <= most)
