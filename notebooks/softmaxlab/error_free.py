"""What rounding takes from a sum or a product, as a float of its own: nothing is lost.

References
----------
.. [1] D. E. Knuth, "The Art of Computer Programming", volume 2, 3rd ed., 1998, section 4.2.2.
.. [2] T. J. Dekker, "A floating-point technique for extending the available precision",
   Numerische Mathematik 18, 1971, pp. 224-242, doi:10.1007/BF01397083.
"""


def two_sum(a, b):
    """The rounded sum of two floats, and what the rounding took: a + b = high + low exactly [1]_.

    Parameters
    ----------
    a, b : float or ndarray of floats
        Of one dtype.

    Returns
    -------
    high, low : float or ndarray
        Exact unless `high` overflows, or a term is the largest float; at infinities `low` is nan.
    """
    high = a + b
    from_b = high - a
    return high, (a - (high - from_b)) + (b - from_b)


def two_difference(a, b):
    """The same of a - b."""
    high = a - b
    from_b = high - a
    return high, (a - (high - from_b)) - (b + from_b)


def two_product(a, b):
    """The rounded product of two float64, and what the rounding took: a * b = high + low [2]_.

    Parameters
    ----------
    a, b : float or ndarray of float64

    Returns
    -------
    high, low : float or ndarray
        Exact, unless in absolute value `high` is below 2**-969, or a factor above 2**996, whose
        halves overflow.
    """
    high = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return high, a2 * b2 - (((high - a1 * b1) - a2 * b1) - a1 * b2)


def _halves(a):
    """Two floats of at most 26 bits with the sum a (Veltkamp): products of such are exact."""
    c = (2.0**27 + 1) * a
    high = c - (c - a)
    return high, a - high
