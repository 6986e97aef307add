import numpy as np
import pytest
from scipy import sparse

from sklearn_halfnet._matmul import matmul, row_blocks, syrk

FORMS = {"dense": np.asarray, "csr": sparse.csr_array, "csr_matrix": sparse.csr_matrix}


@pytest.fixture
def operands():
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((7, 5)), rng.standard_normal((5, 3))
    A[A < 0], B[B < 0] = 0, 0
    return A, B


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("right", FORMS)
@pytest.mark.parametrize("left", FORMS)
def test_product_of_every_form_is_a_dense_array(operands, left, right, dtype):
    A, B = (operand.astype(dtype) for operand in operands)
    product = matmul(FORMS[left](A), FORMS[right](B))
    assert type(product) is np.ndarray
    assert product.dtype == dtype
    np.testing.assert_allclose(product, A @ B, rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_product_is_written_to_out(operands, form):
    A, B = operands
    out = np.empty((7, 3))
    assert matmul(FORMS[form](A), B, out=out) is out
    np.testing.assert_allclose(out, A @ B)


@pytest.mark.parametrize("form", ["dense", "csr"])
def test_integers_take_the_other_type(form):
    signs = FORMS[form](np.array([[1, -1], [1, 1]], dtype=np.int8))
    X = np.eye(2, dtype=np.float32)
    assert matmul(X, signs).dtype == np.float32
    assert matmul(signs, X).dtype == np.float32


@pytest.mark.parametrize("order", ["C", "F"])
def test_syrk_is_the_symmetric_product(order):
    H = np.random.default_rng(0).standard_normal((50, 20)).astype(np.float32, order)
    gram = syrk(H)
    np.testing.assert_array_equal(gram, gram.T)
    np.testing.assert_allclose(gram, H.T.copy() @ H, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n_rows", [0, 1, 7, 8])
@pytest.mark.parametrize("bytes_per_row", [0, 1, 10, 10**12])
def test_blocks_cover_every_row_once(n_rows, bytes_per_row):
    blocks = list(row_blocks(n_rows, bytes_per_row, max_bytes=30))
    assert [i for rows in blocks for i in range(n_rows)[rows]] == list(range(n_rows))
    assert all((rows.stop - rows.start) * bytes_per_row <= 30 for rows in blocks) or (
        bytes_per_row > 30 and all(rows.stop - rows.start == 1 for rows in blocks)
    )
