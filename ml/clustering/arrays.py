"""The array types of this package, and how the rows of a sparse matrix are compared pair by pair.

Belongs here: shapes and sparse arithmetic without meaning. Does not: anything that knows what a listing is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats: TypeAlias = npt.NDArray[np.float64]
Singles: TypeAlias = npt.NDArray[np.float32]
Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]
Hashes: TypeAlias = npt.NDArray[np.uint64]
# scipy ships no types.
Sparse: TypeAlias = Any

# Rows handled at a time. Float32 blocks of this size keep memory flat, and stay clear of the crash that a float64
# X @ X.T of 16,000 rows provokes in OpenBLAS 0.3.31.
BLOCK_ROWS = 1_000
BLOCK_PAIRS = 100_000


def blocks(size: int, length: int = BLOCK_ROWS) -> Iterator[slice]:
    """Yield consecutive slices of at most ``length`` that cover ``range(size)``."""
    for start in range(0, size, length):
        yield slice(start, min(start + length, size))


def rows_of_sets(sets: Sequence[Sequence[int]], width: int) -> Sparse:
    """Return a float32 CSR matrix (len(sets), width) with a one for every member; members of a set are distinct."""
    lengths = np.fromiter((len(members) for members in sets), dtype=np.int64, count=len(sets))
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    indices = np.fromiter((member for members in sets for member in members), dtype=np.int64, count=int(indptr[-1]))
    matrix = sparse.csr_matrix((np.ones(len(indices), dtype=np.float32), indices, indptr), shape=(len(sets), width))
    matrix.sort_indices()
    return matrix


def row_lengths(matrix: Sparse) -> Integers:
    """Return how many entries each row stores."""
    return np.asarray(np.diff(matrix.indptr), dtype=np.int64)


def row_sums(matrix: Sparse) -> Floats:
    """Return the sum of each row as a flat array."""
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()


def row_maxima(matrix: Sparse) -> Floats:
    """Return the largest entry of each row of a matrix without negative entries; 0 for an empty row."""
    lengths = np.diff(matrix.indptr)
    out = np.zeros(matrix.shape[0], dtype=np.float64)
    filled = lengths > 0
    if filled.any():
        out[filled] = np.maximum.reduceat(matrix.data, matrix.indptr[:-1][filled])
    return np.maximum(out, 0.0)


def scaled_columns(matrix: Sparse, weights: Floats) -> Sparse:
    """Return a CSR matrix whose columns are multiplied by ``weights`` (shape (columns,)); the pattern is kept."""
    data = (matrix.data * weights[matrix.indices]).astype(np.float32)
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def unit_rows(matrix: Sparse) -> Sparse:
    """Return the matrix with rows of Euclidean length one; empty rows stay empty."""
    squares = sparse.csr_matrix((matrix.data**2, matrix.indices, matrix.indptr), shape=matrix.shape)
    norms = np.sqrt(row_sums(squares))
    norms[norms == 0] = 1.0
    data = (matrix.data / np.repeat(norms, np.diff(matrix.indptr))).astype(np.float32)
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def pair_products(matrix: Sparse, left: Integers, right: Integers) -> Floats:
    """Return the dot product of row ``left[k]`` with row ``right[k]`` for every k; shape (pairs,)."""
    out = np.empty(len(left), dtype=np.float64)
    for part in blocks(len(left), BLOCK_PAIRS):
        out[part] = row_sums(matrix[left[part]].multiply(matrix[right[part]]))
    return out
