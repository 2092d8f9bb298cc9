"""What is served, as replies."""

from __future__ import annotations

from taxolens.server.desk import Served
from taxolens.server.replies import ClassReply, MetricReply, ModelReply


def model_reply(served: Served, language: str) -> ModelReply:
    """One version and what its card says, names in a language."""
    card = served.card
    return ModelReply(
        name=served.name,
        version=served.version,
        sha256=served.sha256,
        aliases=list(served.aliases),
        kind=served.kind,
        state=served.state.value,
        reason=served.reason,
        classes=[
            ClassReply(
                label=one.id,
                name=one.name(language),
                scientific=one.scientific,
                gbif_id=one.gbif_id,
                role=one.role.value if one.role else None,
            )
            for one in card.taxa
        ],
        licence=card.licence,
        metrics=[MetricReply.model_validate(one.model_dump()) for one in card.metrics],
        unsure_below=card.thresholds.unsure,
        coverage=card.conformal.coverage if card.conformal else None,
        created_with=card.created_with,
        created_at=card.created_at,
        notes=list(card.notes),
    )
