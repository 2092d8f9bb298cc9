from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from taxolens.probe.map import project
from taxolens.recipes.inspect import MapWay
from tests.unit.probe.planted import clouds


@pytest.mark.parametrize("way", list(MapWay))
def test_a_map_keeps_classes_apart_within_its_frame(way: MapWay) -> None:
    vectors, truth = clouds(noise=0.5)

    found = project(vectors, way=way)

    assert found.places.shape == (180, 2)
    assert np.abs(found.places).max() == pytest.approx(1.0)
    middles = np.stack([found.places[truth == one].mean(axis=0) for one in range(3)])
    nearest = np.linalg.norm(found.places[:, None] - middles[None], axis=2).argmin(axis=1)
    assert (nearest == truth).all()


def test_a_pca_is_that_of_scikit_learn() -> None:
    vectors, _ = clouds()

    found = project(vectors)

    judge = PCA(2).fit(StandardScaler().fit_transform(vectors.astype(np.float64)))
    assert found.explained == pytest.approx(judge.explained_variance_ratio_, abs=1e-4)
    assert found.way is MapWay.PCA


@pytest.mark.parametrize("way", list(MapWay))
def test_a_map_is_the_same_each_time(way: MapWay) -> None:
    vectors, _ = clouds((10, 10))

    assert (project(vectors, way=way).places == project(vectors, way=way).places).all()


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("way", list(MapWay))
def test_a_few_or_equal_photos_have_a_place(way: MapWay, n: int) -> None:
    found = project(np.ones((n, 8), dtype=np.float32), way=way)

    assert found.places.shape == (n, 2)
    assert np.isfinite(found.places).all()
