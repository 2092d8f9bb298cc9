from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from taxolens.core.errors import DataError
from taxolens.core.progress import Silent
from taxolens.probe.head import Head, fit_head
from taxolens.recipes.train import ClassWeight


class Notes(Silent):
    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)


def drawn(
    seed: int, n: int, *, classes: int = 4, d: int = 30, noise: float = 1.7
) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings whose numbers lie and spread very differently."""
    shape = np.random.default_rng(99)
    middles = shape.normal(size=(classes, d))
    spread, mean = np.exp(shape.normal(size=d)), 10 * shape.normal(size=d)
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(min(n, classes)), rng.integers(0, classes, max(n - classes, 0))])
    vectors = (middles[truth] + rng.normal(scale=noise, size=(n, d))) * spread + mean
    return vectors.astype(np.float32), truth


def fitted(
    train: tuple[np.ndarray, np.ndarray],
    val: tuple[np.ndarray, np.ndarray],
    *,
    classes: int = 4,
    class_weight: ClassWeight = ClassWeight.NONE,
    groups: np.ndarray | None = None,
    notes: Notes | None = None,
) -> Head:
    return fit_head(
        *train,
        *val,
        classes=classes,
        class_weight=class_weight,
        groups=groups,
        progress=notes or Notes(),
        say=str,
    )


def accuracy(head: Head, vectors: np.ndarray, truth: np.ndarray) -> float:
    return float((head.probabilities(vectors).argmax(axis=1) == truth).mean())


@pytest.mark.parametrize("n", [400, 24])
@pytest.mark.parametrize("class_weight", list(ClassWeight))
def test_a_head_answers_as_scikit_learn_does(n: int, class_weight: ClassWeight) -> None:
    train, val = drawn(0, n), drawn(1, 200)

    head = fitted(train, val, class_weight=class_weight)

    weights = "balanced" if class_weight is ClassWeight.BALANCED else None
    judge = make_pipeline(
        StandardScaler(),
        LogisticRegression(C=head.regularisation, class_weight=weights, tol=1e-7, max_iter=5000),
    ).fit(train[0].astype(np.float64), train[1])
    test = drawn(2, 300)[0]
    powers = np.exp(head.logits(test))
    believed = powers / powers.sum(axis=1, keepdims=True)
    assert believed == pytest.approx(judge.predict_proba(test.astype(np.float64)), abs=5e-3)


def test_a_head_is_a_plain_linear_map_of_embeddings_as_they_are() -> None:
    head, test = fitted(drawn(0, 200), drawn(1, 100)), drawn(2, 50)[0]

    logits = (test.astype(np.float64) @ head.weights + head.bias) / head.temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))

    assert head.weights.shape == (30, 4)
    assert head.probabilities(test) == pytest.approx(powers / powers.sum(axis=1, keepdims=True))


def test_the_temperature_makes_answers_on_new_photos_more_honest() -> None:
    head = fitted(drawn(0, 60, d=60), drawn(1, 400, d=60))
    test, truth = drawn(2, 2000, d=60)
    raw = Head(head.weights, head.bias, head.regularisation, 1.0)

    assert log_loss(truth, head.probabilities(test)) <= log_loss(truth, raw.probabilities(test)) + 1e-3


def test_two_classes_have_two_columns() -> None:
    head = fitted(drawn(0, 100, classes=2), drawn(1, 60, classes=2), classes=2)
    test, truth = drawn(2, 200, classes=2)

    assert head.probabilities(test).shape == (200, 2)
    assert (head.probabilities(test).argmax(axis=1) == truth).mean() > 0.9


@pytest.mark.parametrize("n", [0, 1, 9, 29])
def test_without_enough_validation_the_training_photos_stand_in(n: int) -> None:
    notes = Notes()
    head = fitted(drawn(0, 200), drawn(1, n), notes=notes)
    with_plenty = fitted(drawn(0, 200), drawn(1, 400))
    test, truth = drawn(2, 400)

    assert accuracy(head, test, truth) > accuracy(with_plenty, test, truth) - 0.05
    assert log_loss(truth, head.probabilities(test)) < log_loss(truth, with_plenty.probabilities(test)) + 0.1
    assert len(head.trials) > 2
    assert any("cross-validation" in note for note in notes.told)


def test_a_few_photos_are_enough_for_some_head() -> None:
    notes = Notes()

    head = fitted(drawn(0, 4), drawn(1, 0), notes=notes)

    assert np.isfinite(head.weights).all()
    assert head.temperature == 1.0
    assert len(notes.told) == 2


def test_one_class_teaches_nothing() -> None:
    vectors, _ = drawn(0, 20)

    with pytest.raises(DataError, match="one class"):
        fitted((vectors, np.zeros(20, dtype=np.int64)), drawn(1, 20))


def test_a_class_without_training_photos_is_never_named() -> None:
    vectors, truth = drawn(0, 200)
    kept = truth != 2

    head = fitted((vectors[kept], truth[kept]), drawn(1, 100))
    believed = head.probabilities(drawn(2, 100)[0])

    assert (believed[:, 2] == 0).all()
    assert believed.sum(axis=1) == pytest.approx(1)
    assert 0.05 < head.temperature < 5


def test_a_number_that_never_moved_in_training_cannot_outvote_the_others() -> None:
    vectors, truth = drawn(0, 300)
    vectors[:, 3] = 0
    vectors[:, 4] = 0
    vectors[5, 4] = 1e-4
    head = fitted((vectors, truth), drawn(1, 100))
    test, expected = drawn(2, 300)
    test[:, 3], test[:, 4] = 0, 0
    calm = head.probabilities(test)
    test[:, 3], test[:, 4] = 5, 1

    assert np.abs(head.probabilities(test) - calm).max() < 0.05
    assert (calm.argmax(axis=1) == expected).mean() > 0.8


def test_balanced_classes_name_the_rare_class_more_often() -> None:
    vectors, truth = drawn(0, 600, classes=2, d=5, noise=3)
    kept = (truth == 0) | (np.arange(600) % 12 == 0)
    val, test = drawn(1, 200, classes=2, d=5, noise=3), drawn(2, 500, classes=2, d=5, noise=3)

    plain, balanced = (
        fitted((vectors[kept], truth[kept]), val, classes=2, class_weight=one) for one in ClassWeight
    )

    def recall(head: Head) -> float:
        return float((head.logits(test[0]).argmax(axis=1) == 1)[test[1] == 1].mean())

    assert recall(balanced) > recall(plain) + 0.1


def test_views_of_one_photo_do_not_vouch_for_one_another() -> None:
    """Where views of a photo fall into different folds, no regularisation looks best."""
    vectors, truth = drawn(0, 40, d=60, noise=6)
    photo = np.repeat(np.arange(40), 6)
    rng = np.random.default_rng(0)
    views = (vectors[photo] + rng.normal(scale=0.01, size=(240, 60))).astype(np.float32)

    together = fitted((views, truth[photo]), drawn(1, 0, d=60), groups=photo)
    apart = fitted((views, truth[photo]), drawn(1, 0, d=60))

    assert together.regularisation < apart.regularisation


def test_the_same_photos_make_the_same_head() -> None:
    one, other = fitted(drawn(0, 100), drawn(1, 10)), fitted(drawn(0, 100), drawn(1, 10))

    assert np.array_equal(one.weights, other.weights)
    assert one.temperature == other.temperature


@pytest.mark.slow
def test_3250_photos_with_1280_numbers_are_learnt_in_seconds() -> None:
    train, val = drawn(0, 3250, classes=10, d=1280, noise=20), drawn(1, 750, classes=10, d=1280, noise=20)
    begin = time.process_time()

    head = fitted(train, val, classes=10)

    assert time.process_time() - begin < 15
    assert len(head.trials) >= 3
