"""A map of features on paper: alike images lie together."""

import numpy as np

MAPPED = 2500  # images; more take minutes and are not told apart on paper


def choose(labels: np.ndarray, count: int = MAPPED) -> np.ndarray:
    """Positions of at most `count` images, as many of each class as can be; int64, ascending."""
    draw = np.random.default_rng(0)
    order = draw.permutation(len(labels))
    turn = np.empty(len(labels), dtype=np.int64)  # of each image within its class
    for label in np.unique(labels):
        mine = order[labels[order] == label]
        turn[mine] = np.arange(len(mine))
    return np.sort(order[np.argsort(turn[order], kind="stable")][:count])


def lay_out(features: np.ndarray) -> np.ndarray:
    """Float32 (N, 2) of (N, D) features, by t-SNE (van der Maaten and Hinton, JMLR 2008) of scikit-learn."""
    from sklearn.decomposition import PCA  # an extra, wanted here alone
    from sklearn.manifold import TSNE

    components = min(32, *features.shape)
    reduced = PCA(components, random_state=0).fit_transform(features)
    perplexity = min(30.0, (len(features) - 1) / 3)
    return TSNE(perplexity=perplexity, init="pca", random_state=0, max_iter=500).fit_transform(reduced)
