"""The same labelled photos have the same fingerprint."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from taxolens.modelfile.fingerprint import data_fingerprint

pairs = st.lists(
    st.tuples(st.text("0123456789abcdef", min_size=4, max_size=4), st.text(max_size=5)), max_size=8
)


@given(pairs, st.randoms())
def test_the_order_of_photos_does_not_matter(labelled: list[tuple[str, str]], random: object) -> None:
    mixed = list(labelled)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert data_fingerprint(mixed) == data_fingerprint(labelled)


def test_another_label_photo_or_copy_is_another_data_set() -> None:
    one = [("aa", "wren"), ("bb", "owl")]
    others = [
        [("aa", "owl"), ("bb", "wren")],
        [("aa", "wren")],
        [*one, ("aa", "wren")],
        [("aa", "wren"), ("bc", "owl")],
    ]
    assert len({data_fingerprint(labelled) for labelled in [one, *others]}) == 1 + len(others)
