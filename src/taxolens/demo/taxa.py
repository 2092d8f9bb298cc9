"""The springtails that can be drawn: their names and what they look like.

Lengths are in body lengths (front of the head to end of the abdomen, without antennae and furca).
Positions along the body run from 0 at the front of the head to 1 at the end of the abdomen.
The looks follow the usual field guides (Hopkin 2007, *A Key to the Collembola of Britain and Ireland*).
"""

from __future__ import annotations

from dataclasses import dataclass

from taxolens.core.errors import UsageError
from taxolens.demo.colour import Rgb

Profile = tuple[tuple[float, float], ...]
"""Points (position along the body, radius)."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """Thorax and abdomen.

    Attributes:
        width: half width seen from above.
        back: from the axis up to the back, seen from the side.
        belly: from the axis down to the belly, seen from the side.
        borders: where one segment ends and the next begins.
        groove: depth of the borders, share of the radius.
        bulge: how round each segment is by itself, share of the radius.
    """

    width: Profile
    back: Profile
    belly: Profile
    borders: tuple[float, ...]
    groove: float = 0.12
    bulge: float = 0.04


@dataclass(frozen=True, slots=True)
class Head:
    """The head as an ellipsoid; `drop` is how far it hangs below the axis."""

    length: float
    width: float
    height: float
    drop: float = 0.02


@dataclass(frozen=True, slots=True)
class Antennae:
    """Both antennae.

    Attributes:
        length: of the whole antenna.
        shares: lengths of the segments, from the head outwards.
        radius: at the base.
        taper: radius at the tip against the base.
        elbow: bend between the last two long segments, degrees.
        ringed: the last segments fall into many small rings.
    """

    length: float
    shares: tuple[float, ...]
    radius: float
    taper: float = 0.6
    elbow: float = 15.0
    ringed: bool = False


@dataclass(frozen=True, slots=True)
class Limbs:
    """Legs and furca: lengths, 0 where there is none."""

    leg: float
    leg_radius: float
    furca: float


@dataclass(frozen=True, slots=True)
class Colouring:
    """Colours and how they lie on the body.

    Attributes:
        base: most of the body.
        second: the markings.
        accent: a third colour of some patterns (pale spots, back patch, bloom).
        antenna: base and tip.
        leg: legs and furca.
        pattern: name in `taxolens.demo.pattern`.
        contrast: how clear the markings are, 0..1.
        mottle: strength of fine irregular pigment, 0..1.
        spread: how much individuals differ in hue and lightness, 0..1.
    """

    base: Rgb
    second: Rgb
    accent: Rgb
    antenna: tuple[Rgb, Rgb]
    leg: Rgb
    pattern: str
    contrast: float = 0.9
    mottle: float = 0.2
    spread: float = 0.3


@dataclass(frozen=True, slots=True)
class Cuticle:
    """The skin.

    Attributes:
        gloss: strength of highlights, 0..1.
        polish: sharpness of highlights (exponent).
        clear: how much light goes through, 0..1.
        grain: roughness of the surface, 0..1.
        scales: share of the body under shimmering scales, 0..1.
        tubercles: rows of round tubercles across each segment.
    """

    gloss: float = 0.3
    polish: float = 30.0
    clear: float = 0.1
    grain: float = 0.2
    scales: float = 0.0
    tubercles: bool = False


@dataclass(frozen=True, slots=True)
class Setae:
    """The hairs: how many (of a full coat of 400), how long, and whether they look pale or dark."""

    share: float
    length: float
    pale: bool = False
    mane: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """All that makes a springtail look like what it is.

    Attributes:
        eye: radius of the dark eye patch; 0 where there are no eyes.
        spines: small horns on the last segment.
        from_side: share of photos that show it more from the side than from above.
    """

    trunk: Trunk
    head: Head
    antennae: Antennae
    limbs: Limbs
    colouring: Colouring
    cuticle: Cuticle
    setae: Setae
    eye: float = 0.02
    spines: bool = False
    from_side: float = 0.4


@dataclass(frozen=True, slots=True)
class SpringtailTaxon:
    """A springtail that can be drawn.

    Attributes:
        id: name of its class and of its folder.
        scientific: scientific name.
        en: English name.
        fr: French name.
        millimetres: body length of a young and of a large animal.
        look: how it is drawn; None for the photo without an animal.
        rank: taxonomic rank of the name; empty for the photo without an animal.
    """

    id: str
    scientific: str
    en: str
    fr: str
    millimetres: tuple[float, float]
    look: Look | None
    rank: str = "species"


_ELONGATE = (0.255, 0.345, 0.435, 0.53, 0.625, 0.72, 0.85, 0.93)
_BIG_FOURTH = (0.235, 0.33, 0.41, 0.475, 0.545, 0.62, 0.90, 0.95)
_GLOBE = (0.93,)


def _tube(start: float, points: Profile) -> Profile:
    return ((start, 0.0), *points, (1.0, 0.0))


_SMINTHURUS = Look(
    trunk=Trunk(
        width=_tube(0.2, ((0.26, 0.17), (0.4, 0.29), (0.6, 0.345), (0.8, 0.30), (0.92, 0.19), (0.97, 0.11))),
        back=_tube(0.2, ((0.26, 0.15), (0.4, 0.28), (0.6, 0.36), (0.8, 0.32), (0.92, 0.17), (0.97, 0.09))),
        belly=_tube(0.2, ((0.26, 0.15), (0.4, 0.22), (0.6, 0.25), (0.8, 0.24), (0.92, 0.17), (0.97, 0.10))),
        borders=_GLOBE,
        groove=0.06,
        bulge=0.0,
    ),
    head=Head(length=0.29, width=0.31, height=0.42, drop=0.11),
    antennae=Antennae(0.72, (0.09, 0.2, 0.27, 0.44), 0.024, 0.55, 65.0, ringed=True),
    limbs=Limbs(leg=0.6, leg_radius=0.019, furca=0.34),
    colouring=Colouring(
        base=(190, 188, 92),
        second=(116, 128, 54),
        accent=(232, 232, 150),
        antenna=((196, 180, 96), (150, 92, 84)),
        leg=(190, 186, 104),
        pattern="globe_freckled",
        contrast=0.6,
        mottle=0.25,
        spread=0.35,
    ),
    cuticle=Cuticle(gloss=0.75, polish=50.0, clear=0.3, grain=0.12),
    setae=Setae(share=0.45, length=0.05, pale=True),
    eye=0.034,
    from_side=0.6,
)

_DICYRTOMINA = Look(
    trunk=Trunk(
        width=_tube(0.2, ((0.25, 0.16), (0.4, 0.31), (0.62, 0.39), (0.82, 0.34), (0.94, 0.19), (0.98, 0.1))),
        back=_tube(0.2, ((0.25, 0.16), (0.4, 0.33), (0.62, 0.42), (0.82, 0.36), (0.94, 0.17), (0.98, 0.08))),
        belly=_tube(0.2, ((0.25, 0.15), (0.4, 0.22), (0.62, 0.26), (0.82, 0.25), (0.94, 0.18), (0.98, 0.09))),
        borders=_GLOBE,
        groove=0.05,
        bulge=0.0,
    ),
    head=Head(length=0.27, width=0.29, height=0.42, drop=0.13),
    antennae=Antennae(0.62, (0.12, 0.36, 0.38, 0.14), 0.02, 0.6, 35.0),
    limbs=Limbs(leg=0.62, leg_radius=0.017, furca=0.3),
    colouring=Colouring(
        base=(206, 170, 96),
        second=(78, 32, 28),
        accent=(34, 18, 24),
        antenna=((120, 84, 104), (82, 52, 86)),
        leg=(128, 100, 110),
        pattern="globe_marbled",
        contrast=0.9,
        mottle=0.35,
        spread=0.4,
    ),
    cuticle=Cuticle(gloss=0.85, polish=60.0, clear=0.22, grain=0.1),
    setae=Setae(share=0.25, length=0.06, pale=True),
    eye=0.033,
    from_side=0.55,
)

_FOLSOMIA = Look(
    trunk=Trunk(
        width=_tube(
            0.14, ((0.17, 0.06), (0.3, 0.078), (0.55, 0.09), (0.75, 0.092), (0.9, 0.068), (0.97, 0.045))
        ),
        back=_tube(0.14, ((0.17, 0.06), (0.3, 0.09), (0.55, 0.1), (0.75, 0.1), (0.9, 0.07), (0.97, 0.04))),
        belly=_tube(
            0.14, ((0.17, 0.055), (0.3, 0.075), (0.55, 0.082), (0.75, 0.085), (0.9, 0.07), (0.97, 0.04))
        ),
        borders=_ELONGATE,
        groove=0.09,
        bulge=0.04,
    ),
    head=Head(length=0.17, width=0.135, height=0.13),
    antennae=Antennae(0.22, (0.14, 0.24, 0.22, 0.4), 0.02, 0.75, 10.0),
    limbs=Limbs(leg=0.19, leg_radius=0.014, furca=0.2),
    colouring=Colouring(
        base=(180, 184, 182),
        second=(112, 106, 84),
        accent=(232, 232, 226),
        antenna=((190, 190, 180), (196, 196, 188)),
        leg=(188, 188, 180),
        pattern="gut",
        contrast=0.7,
        mottle=0.2,
        spread=0.25,
    ),
    cuticle=Cuticle(gloss=0.55, polish=34.0, clear=0.7, grain=0.2),
    setae=Setae(share=0.22, length=0.028, pale=True),
    eye=0.0,
    from_side=0.3,
)

_PROTAPHORURA = Look(
    trunk=Trunk(
        width=_tube(
            0.14, ((0.17, 0.085), (0.3, 0.125), (0.55, 0.148), (0.78, 0.154), (0.92, 0.118), (0.98, 0.055))
        ),
        back=_tube(
            0.14, ((0.17, 0.08), (0.3, 0.115), (0.55, 0.135), (0.78, 0.136), (0.92, 0.1), (0.98, 0.05))
        ),
        belly=_tube(0.14, ((0.17, 0.07), (0.3, 0.09), (0.55, 0.1), (0.78, 0.1), (0.92, 0.085), (0.98, 0.05))),
        borders=(0.22, 0.33, 0.45, 0.55, 0.64, 0.73, 0.82, 0.91),
        groove=0.1,
        bulge=0.05,
    ),
    head=Head(length=0.18, width=0.2, height=0.18),
    antennae=Antennae(0.13, (0.22, 0.25, 0.25, 0.28), 0.026, 0.7, 6.0),
    limbs=Limbs(leg=0.14, leg_radius=0.017, furca=0.0),
    colouring=Colouring(
        base=(206, 194, 166),
        second=(168, 156, 128),
        accent=(250, 248, 240),
        antenna=((204, 197, 180), (200, 194, 178)),
        leg=(196, 190, 174),
        pattern="gut",
        contrast=0.5,
        mottle=0.25,
        spread=0.2,
    ),
    cuticle=Cuticle(gloss=0.2, polish=14.0, clear=0.18, grain=0.5),
    setae=Setae(share=0.15, length=0.03, pale=True),
    eye=0.0,
    spines=True,
    from_side=0.25,
)

_ORCHESELLA = Look(
    trunk=Trunk(
        width=_tube(
            0.15, ((0.18, 0.09), (0.28, 0.12), (0.5, 0.135), (0.75, 0.135), (0.92, 0.09), (0.98, 0.05))
        ),
        back=_tube(
            0.15, ((0.18, 0.1), (0.28, 0.15), (0.5, 0.145), (0.75, 0.135), (0.92, 0.085), (0.98, 0.05))
        ),
        belly=_tube(
            0.15, ((0.18, 0.08), (0.28, 0.095), (0.5, 0.1), (0.75, 0.105), (0.92, 0.085), (0.98, 0.05))
        ),
        borders=_BIG_FOURTH,
        groove=0.1,
        bulge=0.05,
    ),
    head=Head(length=0.18, width=0.17, height=0.17, drop=0.03),
    antennae=Antennae(0.78, (0.06, 0.17, 0.07, 0.24, 0.22, 0.24), 0.024, 0.5, 30.0),
    limbs=Limbs(leg=0.42, leg_radius=0.02, furca=0.36),
    colouring=Colouring(
        base=(196, 148, 78),
        second=(46, 26, 19),
        accent=(238, 216, 150),
        antenna=((172, 118, 62), (74, 48, 44)),
        leg=(190, 150, 92),
        pattern="orchesella",
        contrast=0.95,
        mottle=0.5,
        spread=0.45,
    ),
    cuticle=Cuticle(gloss=0.45, polish=30.0, clear=0.1, grain=0.3),
    setae=Setae(share=1.0, length=0.075, mane=0.9),
    eye=0.024,
    from_side=0.4,
)

_TOMOCERUS = Look(
    trunk=Trunk(
        width=_tube(
            0.14, ((0.17, 0.08), (0.3, 0.11), (0.5, 0.12), (0.7, 0.12), (0.88, 0.085), (0.97, 0.045))
        ),
        back=_tube(0.14, ((0.17, 0.09), (0.3, 0.13), (0.5, 0.125), (0.7, 0.12), (0.88, 0.08), (0.97, 0.04))),
        belly=_tube(
            0.14, ((0.17, 0.07), (0.3, 0.085), (0.5, 0.09), (0.7, 0.095), (0.88, 0.08), (0.97, 0.04))
        ),
        borders=(0.25, 0.34, 0.43, 0.515, 0.61, 0.735, 0.86, 0.94),
        groove=0.09,
        bulge=0.035,
    ),
    head=Head(length=0.165, width=0.15, height=0.145, drop=0.02),
    antennae=Antennae(1.12, (0.05, 0.11, 0.68, 0.16), 0.021, 0.35, 25.0, ringed=True),
    limbs=Limbs(leg=0.4, leg_radius=0.017, furca=0.36),
    colouring=Colouring(
        base=(104, 106, 112),
        second=(164, 148, 104),
        accent=(206, 216, 232),
        antenna=((120, 116, 118), (104, 100, 122)),
        leg=(152, 144, 124),
        pattern="scaled",
        contrast=0.6,
        mottle=0.45,
        spread=0.3,
    ),
    cuticle=Cuticle(gloss=0.6, polish=12.0, clear=0.03, grain=0.5, scales=0.9),
    setae=Setae(share=0.15, length=0.035, mane=0.4),
    eye=0.02,
    from_side=0.35,
)

_ENTOMOBRYA = Look(
    trunk=Trunk(
        width=_tube(
            0.15, ((0.18, 0.07), (0.28, 0.09), (0.5, 0.105), (0.78, 0.115), (0.93, 0.075), (0.98, 0.04))
        ),
        back=_tube(
            0.15, ((0.18, 0.08), (0.28, 0.11), (0.5, 0.11), (0.78, 0.115), (0.93, 0.07), (0.98, 0.035))
        ),
        belly=_tube(
            0.15, ((0.18, 0.06), (0.28, 0.075), (0.5, 0.08), (0.78, 0.09), (0.93, 0.07), (0.98, 0.04))
        ),
        borders=_BIG_FOURTH,
        groove=0.11,
        bulge=0.045,
    ),
    head=Head(length=0.17, width=0.14, height=0.14, drop=0.02),
    antennae=Antennae(0.52, (0.13, 0.27, 0.25, 0.35), 0.019, 0.6, 20.0),
    limbs=Limbs(leg=0.33, leg_radius=0.015, furca=0.3),
    colouring=Colouring(
        base=(222, 194, 96),
        second=(54, 40, 52),
        accent=(236, 220, 150),
        antenna=((206, 176, 110), (128, 96, 116)),
        leg=(214, 194, 124),
        pattern="banded",
        contrast=0.92,
        mottle=0.2,
        spread=0.4,
    ),
    cuticle=Cuticle(gloss=0.5, polish=34.0, clear=0.15, grain=0.2),
    setae=Setae(share=0.5, length=0.05, mane=0.5),
    eye=0.022,
    from_side=0.35,
)

_ISOTOMA = Look(
    trunk=Trunk(
        width=_tube(
            0.14, ((0.17, 0.075), (0.3, 0.1), (0.55, 0.12), (0.75, 0.122), (0.9, 0.09), (0.97, 0.05))
        ),
        back=_tube(
            0.14, ((0.17, 0.075), (0.3, 0.105), (0.55, 0.125), (0.75, 0.125), (0.9, 0.085), (0.97, 0.05))
        ),
        belly=_tube(
            0.14, ((0.17, 0.065), (0.3, 0.085), (0.55, 0.095), (0.75, 0.1), (0.9, 0.085), (0.97, 0.05))
        ),
        borders=_ELONGATE,
        groove=0.12,
        bulge=0.05,
    ),
    head=Head(length=0.165, width=0.145, height=0.14),
    antennae=Antennae(0.33, (0.14, 0.26, 0.26, 0.34), 0.02, 0.65, 15.0),
    limbs=Limbs(leg=0.28, leg_radius=0.016, furca=0.27),
    colouring=Colouring(
        base=(136, 136, 88),
        second=(66, 72, 48),
        accent=(186, 184, 128),
        antenna=((132, 132, 86), (92, 76, 96)),
        leg=(156, 154, 108),
        pattern="lined",
        contrast=0.6,
        mottle=0.3,
        spread=0.9,
    ),
    cuticle=Cuticle(gloss=0.55, polish=28.0, clear=0.15, grain=0.2),
    setae=Setae(share=0.55, length=0.035, pale=True),
    eye=0.021,
    from_side=0.35,
)

_CERATOPHYSELLA = Look(
    trunk=Trunk(
        width=_tube(
            0.16, ((0.2, 0.12), (0.35, 0.155), (0.55, 0.175), (0.75, 0.175), (0.9, 0.13), (0.97, 0.075))
        ),
        back=_tube(
            0.16, ((0.2, 0.11), (0.35, 0.145), (0.55, 0.165), (0.75, 0.16), (0.9, 0.115), (0.97, 0.07))
        ),
        belly=_tube(
            0.16, ((0.2, 0.09), (0.35, 0.115), (0.55, 0.125), (0.75, 0.125), (0.9, 0.1), (0.97, 0.06))
        ),
        borders=(0.24, 0.35, 0.46, 0.56, 0.655, 0.75, 0.85, 0.93),
        groove=0.13,
        bulge=0.06,
    ),
    head=Head(length=0.22, width=0.235, height=0.2),
    antennae=Antennae(0.19, (0.25, 0.25, 0.25, 0.25), 0.033, 0.65, 8.0),
    limbs=Limbs(leg=0.17, leg_radius=0.024, furca=0.13),
    colouring=Colouring(
        base=(86, 77, 88),
        second=(50, 44, 54),
        accent=(150, 134, 150),
        antenna=((94, 82, 102), (84, 72, 94)),
        leg=(110, 98, 114),
        pattern="granular",
        contrast=0.6,
        mottle=0.5,
        spread=0.4,
    ),
    cuticle=Cuticle(gloss=0.18, polish=10.0, clear=0.03, grain=1.0),
    setae=Setae(share=0.4, length=0.04, pale=True),
    eye=0.024,
    spines=True,
    from_side=0.25,
)

_NEANURA = Look(
    trunk=Trunk(
        width=_tube(
            0.14, ((0.18, 0.13), (0.35, 0.175), (0.55, 0.205), (0.75, 0.21), (0.9, 0.16), (0.97, 0.1))
        ),
        back=_tube(
            0.14, ((0.18, 0.11), (0.35, 0.14), (0.55, 0.155), (0.75, 0.155), (0.9, 0.12), (0.97, 0.08))
        ),
        belly=_tube(
            0.14, ((0.18, 0.09), (0.35, 0.1), (0.55, 0.105), (0.75, 0.105), (0.9, 0.09), (0.97, 0.06))
        ),
        borders=(0.22, 0.33, 0.44, 0.54, 0.635, 0.73, 0.83, 0.92),
        groove=0.2,
        bulge=0.08,
    ),
    head=Head(length=0.21, width=0.225, height=0.17, drop=0.04),
    antennae=Antennae(0.12, (0.28, 0.26, 0.24, 0.22), 0.032, 0.5, 6.0),
    limbs=Limbs(leg=0.13, leg_radius=0.022, furca=0.0),
    colouring=Colouring(
        base=(84, 95, 114),
        second=(54, 62, 80),
        accent=(142, 156, 184),
        antenna=((88, 100, 128), (78, 90, 118)),
        leg=(104, 116, 142),
        pattern="granular",
        contrast=0.6,
        mottle=0.4,
        spread=0.4,
    ),
    cuticle=Cuticle(gloss=0.22, polish=12.0, clear=0.04, grain=0.9, tubercles=True),
    setae=Setae(share=0.3, length=0.065, pale=True),
    eye=0.014,
    from_side=0.2,
)

TAXA: tuple[SpringtailTaxon, ...] = (
    SpringtailTaxon(
        "sminthurus_viridis", "Sminthurus viridis", "lucerne flea", "sminthure vert", (0.8, 3.0), _SMINTHURUS
    ),
    SpringtailTaxon(
        "dicyrtomina_ornata",
        "Dicyrtomina ornata",
        "ornate globular springtail",
        "dicyrtome orné",
        (0.8, 2.3),
        _DICYRTOMINA,
    ),
    SpringtailTaxon(
        "folsomia_candida",
        "Folsomia candida",
        "white laboratory springtail",
        "folsomie blanche",
        (0.8, 2.6),
        _FOLSOMIA,
    ),
    SpringtailTaxon(
        "protaphorura_armata",
        "Protaphorura armata",
        "armed blind springtail",
        "protaphorure armé",
        (0.9, 2.4),
        _PROTAPHORURA,
    ),
    SpringtailTaxon(
        "orchesella_cincta",
        "Orchesella cincta",
        "girdled springtail",
        "orchéselle ceinturée",
        (1.5, 4.2),
        _ORCHESELLA,
    ),
    SpringtailTaxon(
        "tomocerus_vulgaris",
        "Tomocerus vulgaris",
        "silver long-horned springtail",
        "tomocère commun",
        (1.8, 4.5),
        _TOMOCERUS,
    ),
    SpringtailTaxon(
        "entomobrya_multifasciata",
        "Entomobrya multifasciata",
        "many-banded springtail",
        "entomobrye à bandes",
        (0.9, 2.4),
        _ENTOMOBRYA,
    ),
    SpringtailTaxon(
        "isotoma_viridis", "Isotoma viridis", "green springtail", "isotome vert", (1.2, 4.0), _ISOTOMA
    ),
    SpringtailTaxon(
        "ceratophysella_denticulata",
        "Ceratophysella denticulata",
        "toothed stout springtail",
        "cératophyselle denticulée",
        (0.7, 1.9),
        _CERATOPHYSELLA,
    ),
    SpringtailTaxon(
        "neanura_muscorum",
        "Neanura muscorum",
        "warty moss springtail",
        "néanure des mousses",
        (1.0, 3.3),
        _NEANURA,
    ),
)

BLANK = SpringtailTaxon("blank", "", "no animal", "pas d'animal", (0.0, 0.0), None, rank="")


def find_taxon(taxon_id: str) -> SpringtailTaxon:
    """The taxon with this id, `BLANK` included.

    Raises:
        UsageError: no such taxon can be drawn.
    """
    for taxon in (*TAXA, BLANK):
        if taxon.id == taxon_id:
            return taxon
    known = ", ".join(taxon.id for taxon in (*TAXA, BLANK))
    raise UsageError(
        "No springtail called {name} can be drawn. Known are: {known}.", name=taxon_id, known=known
    )
