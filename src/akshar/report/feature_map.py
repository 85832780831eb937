"""The map of features: which images it shows, and their places in the plane."""

import numpy as np

MAX_IMAGES = 2500  # t-SNE of more takes minutes, and the points cannot be told apart


def choose(labels: np.ndarray, count: int = MAX_IMAGES) -> np.ndarray:
    """Choose at most `count` images, as evenly over the classes as possible.

    Args:
        labels: int (N,).
        count: maximum number of images.

    Returns:
        Positions in ascending order, int64.
    """
    order = np.random.default_rng(0).permutation(len(labels))
    rank = np.empty(len(labels), dtype=np.int64)  # of each image within its class, in random order
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = np.arange(len(members))
    return np.sort(order[np.argsort(rank[order], kind="stable")][:count])


def lay_out(features: np.ndarray) -> np.ndarray:
    """Embed features in the plane by t-SNE (van der Maaten and Hinton, JMLR 2008), after PCA.

    Args:
        features: float32 (N, D).

    Returns:
        float32 (N, 2).
    """
    from sklearn.decomposition import PCA  # imported late: an extra
    from sklearn.manifold import TSNE

    components = min(32, *features.shape)
    reduced = PCA(components, random_state=0).fit_transform(features)
    perplexity = min(30.0, (len(features) - 1) / 3)
    return TSNE(perplexity=perplexity, init="pca", random_state=0, max_iter=500).fit_transform(reduced)
