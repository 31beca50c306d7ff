"""Checks of notebook 11."""

import numpy as np

from . import Fault, ask, gives, hinted, lost, makes, shaped, sunk


def _softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


_Z = np.log([[0.4, 0.3, 0.2, 0.1]])
_BATCH = np.log([[0.1, 0.6, 0.3], [0.4, 0.25, 0.35]])
_FAR = np.array([[1000.0, 1002.0, 999.0, 1000.5], [-3000.0, -3001.5, -3000.5, -3005.0]])
_MANY = np.array([np.arange(100) * 17 % 100 / 10.0, np.arange(100) * 31 % 100 / 20.0])
_LOST = lost("An exp has overflowed, or all of them are 0. Shift by the max first.")
_EMPTY = lost(
    "Nothing is left in some row, so 0 is divided by 0. The likeliest token of each row stays.",
    where=lambda z, p: np.abs(z).max() < 100,
)
_ONE_MAX = Fault(
    lambda arguments, expected, got: np.isfinite(got[0]).all() and np.isnan(got[1]).all(),
    "All exps of a low row are 0. Shift each row by its own max, not by one for the whole batch.",
)


def _kept(q, p, crossing=True, order=None):
    """Whether each entry of the rows of `q` is one of the likeliest that hold `p` together."""
    order = np.argsort(-q, axis=-1, kind="stable") if order is None else order
    up_to = np.take_along_axis(q, order, axis=-1).cumsum(axis=-1)
    before = np.concatenate([np.zeros_like(up_to[..., :1]), up_to[..., :-1]], axis=-1)
    kept = np.zeros(q.shape, bool)
    np.put_along_axis(kept, order, before < p if crossing else up_to <= p, axis=-1)
    return kept


def _cut(q, p, **settings):
    return np.where(_kept(q, p, **settings), q, 0)


def _shared(q):
    return q / q.sum(axis=-1, keepdims=True)


def _top_p(z, p, **settings):
    return _shared(_cut(_softmax(z), p, **settings))


def _again(q):
    """The softmax of probabilities, where they are not 0."""
    return _softmax(np.where(q > 0, q, -np.inf))


_CROSSING = (
    "You drop the token that crosses p, so what is left holds less than p. Keep a token if what "
    "comes before it holds less than p."
)
_TWICE = (
    "You take the softmax of probabilities. They are no logits: divide them by their sum, once."
)
_MASKED = "These are the masked logits. Take their softmax."
_FINITE = "A finite logit, 0 or -100, is a logit like any other. What is {} gets -inf."
_UNDIVIDED = "You keep the right tokens, and what is left does not sum to 1: divide by its sum."
_OF_TOP_P = (
    gives(lambda z, p: np.where(_kept(_softmax(z), p), z, -np.inf), _MASKED),
    _EMPTY,
    sunk(),
    _ONE_MAX,
    _LOST,
    gives(lambda z, p: _softmax(z), "Nothing is cut: that is the plain softmax."),
    gives(lambda z, p: _top_p(z, p, crossing=False), _CROSSING),
    gives(lambda z, p: _cut(_softmax(z), p), _UNDIVIDED),
    gives(
        lambda z, p: _cut(_softmax(z), p) / _cut(_softmax(z), p).sum(),
        "You divide by the sum of the whole batch. Each row has its own: axis=-1, keepdims=True.",
    ),
    gives(lambda z, p: _cut(_softmax(z), p, crossing=False), _CROSSING),
    gives(lambda z, p: _again(_top_p(z, p)), _TWICE),
    gives(lambda z, p: _softmax(_top_p(z, p)), _TWICE),
    *(
        gives(
            lambda z, p, low=low: _softmax(np.where(_kept(_softmax(z), p), z, low)),
            _FINITE.format("cut"),
        )
        for low in (0, -100)
    ),
    gives(
        lambda z, p: _shared(np.where(-np.sort(-_top_p(z, p), axis=-1) > 0, _softmax(z), 0)),
        "Your mask goes by places in the sorted row, and your row is not sorted. Put the mask back "
        "to the tokens first.",
    ),
    gives(
        lambda z, p: -np.sort(-_top_p(z, p), axis=-1),
        "The right probabilities, in the order of the sorting. Put each back to its token.",
    ),
    gives(
        lambda z, p: _top_p(z, p, order=np.argsort(_softmax(z), axis=-1, kind="stable")),
        "You begin with the least likely token. Begin with the likeliest.",
    ),
    gives(
        lambda z, p: _top_p(z.T, p).T,
        "You cut along the columns. Each row of z is one text, with a logit for each token.",
        None,
    ),
)


@hinted("Sort, sum along the row, and ask of each token what the ones before it hold.")
def check_batch_top_p(function):
    """Judges ``function(z, p)``: the probabilities that top-p leaves in each row of logits."""
    cases = [(_Z, 0.55), (_Z, 0.8), (_BATCH, 0.55), (_FAR, 0.8), (_MANY, 0.9), (_MANY, 0.2)]
    cases += [(np.asfortranarray(_BATCH), 0.8), (_Z[:, :1], 0.5)]
    return ask(
        function,
        [((z, p), _top_p(z, p)) for z, p in cases],
        _OF_TOP_P,
        "Each row keeps as many tokens as it needs: few where the model is sure.",
    )


def _without(z, forbidden, low=-np.inf):
    z = z.copy()
    z[forbidden] = low
    return z


def _next(z, T, p, forbidden):
    return _top_p(_without(z, forbidden) / T, p)


def _mask_first(z, T, p, forbidden):
    """The set is chosen at temperature 1, and the temperature comes after it."""
    kept = _kept(_softmax(_without(z, forbidden)), p)
    return _softmax(np.where(kept, z / T, -np.inf))


def _forbid_last(z, T, p, forbidden):
    q = _top_p(z / T, p)
    q[forbidden] = 0
    return _shared(q)


def _chosen(z, T, p, forbidden):
    """The masked logits from which one should draw."""
    z = _without(z, forbidden) / T
    return np.where(_kept(_softmax(z), p), z, -np.inf)


_T_TWICE = "You divide by the temperature twice."
_OF_NEXT = (
    gives(_chosen, _MASKED),
    gives(
        _mask_first,
        "The temperature comes after the mask: you choose the set at temperature 1. Divide the "
        "logits by T first.",
    ),
    gives(
        _forbid_last,
        "You forbid the token when the set is chosen already. It has taken its part of p: forbid "
        "it first.",
    ),
    gives(
        lambda z, T, p, f: _top_p(z / T, p),
        "The forbidden token can still be drawn.",
    ),
    *(
        gives(
            lambda z, T, p, f, low=low: _top_p(_without(z, f, low) / T, p),
            _FINITE.format("forbidden"),
        )
        for low in (0, -100)
    ),
    gives(lambda z, T, p, f: _cut(_softmax(_without(z, f) / T), p), _UNDIVIDED),
    gives(lambda z, T, p, f: _top_p(_without(z, f) / T / T, p), _T_TWICE),
    gives(lambda z, T, p, f: _softmax(_chosen(z, T, p, f) / T), _T_TWICE),
    lost(
        "nan: nothing is left. Where the set holds the forbidden token alone, it was forbidden too "
        "late. Or an exp has overflowed."
    ),
    gives(lambda z, T, p, f: _again(_next(z, T, p, f)), _TWICE),
    gives(lambda z, T, p, f: _softmax(_next(z, T, p, f)), _TWICE),
    gives(
        lambda z, T, p, f: _top_p(_without(z, f) / T, p, crossing=False),
        _CROSSING,
    ),
    gives(
        lambda z, T, p, f: _top_p(_without(z, f), p),
        "Your function takes no notice of the temperature.",
    ),
    gives(
        lambda z, T, p, f: _top_p(_without(z, f) * T, p),
        "You multiply by the temperature. Cold must mean sharp.",
    ),
    gives(
        lambda z, T, p, f: _softmax(_without(z, f) / T),
        "Nothing is cut: top-p is missing.",
    ),
)


@hinted("Three lines in this order: forbid, divide by T, cut. Which numbers does the cut look at?")
def check_next_probabilities(function):
    """Judges ``function(z, T, p, forbidden)``: forbid a token, then temperature, then top-p."""
    z = _Z[0]
    cases = [
        (z, 2.0, 0.6, 3),
        (z, 0.5, 0.6, 3),
        (z, 0.5, 0.8, 3),
        (z, 2.0, 0.6, 0),
        (z, 1.0, 0.3, 0),
        (z[::-1].copy(), 0.3, 0.99, 1),
    ]
    cases += [(_FAR[0], 1.5, 0.9, 1), (_FAR[1], 0.7, 0.8, 2), (_MANY[0], 2.0, 0.9, 50)]
    return ask(
        function,
        [(arguments, _next(*arguments)) for arguments in cases],
        _OF_NEXT,
        "Whatever is masked first, the cut sees the distribution that will be drawn from.",
    )


def _drawn(p, u, dtype=float, side="right", scaled=True):
    sums = np.cumsum(p, dtype=dtype)
    return np.searchsorted(sums / sums[-1] if scaled else sums, u, side=side)


_OF_DRAWN = (
    shaped(lambda p, u: p.shape, "One token is asked for each number of u, not one for each of p."),
    shaped(lambda p, u: (), "That is one token. One is asked for each number of u."),
    gives(
        lambda p, u: _drawn(p, u, side="left"),
        "A token with probability 0 can come, where u falls on a border: it is the first one at "
        "u = 0. searchsorted has a side.",
    ),
    gives(
        lambda p, u: _drawn(p, u, np.float32),
        "You sum in float32: each sum is rounded, and tokens far back lose their interval or move. "
        "Sum in float64.",
    ),
    gives(
        lambda p, u: _drawn(p / p.sum(), u, scaled=False),
        "You divide by the sum in float32, and each quotient is rounded: the sums end near 1, not "
        "at 1. Divide in float64.",
    ),
    gives(
        lambda p, u: _drawn(p, u, scaled=False),
        "The last sum is not 1, so a u above it gives a token that is not there, and others move. "
        "Divide the sums by the last.",
    ),
    gives(
        lambda p, u: _drawn(p, u, np.float32, scaled=False),
        "You sum in float32, and the last sum is not 1. Sum in float64, and divide by the last.",
    ),
    gives(
        lambda p, u: len(p) - 1 - _drawn(p[::-1], u),
        "You sum from the far end. Token 0 has the first interval, from 0 on.",
    ),
    gives(
        lambda p, u: np.minimum(_drawn(p, u, scaled=False), len(p) - 1),
        "A u above the last sum gives your last token, and that may have the probability 0. "
        "Stretch all the intervals: divide the sums by the last.",
    ),
    gives(lambda p, u: np.full(len(u), p.argmax()), "That is the likeliest token every time."),
    gives(lambda p, u: _drawn(p, u) + 1, "Your tokens begin at 1. numpy's begin at 0."),
)


@hinted("np.cumsum takes a dtype, and the last sum should be 1.")
def check_drawn_tokens(function):
    """Judges ``function(p, u)``: the token in whose interval of the summed `p` each `u` lies."""
    rng = np.random.default_rng(2)
    few = np.array([0.0, 0.5, 0.25, 0.25], dtype=np.float32)
    thirds = np.full(3, 0.333, dtype=np.float32)
    many = _softmax(rng.normal(scale=3, size=50_000)).astype(np.float32)
    cases = [(few, np.array([0.1, 0.6, 0.9])), (few, np.array([0.0, 0.3, 0.5, 0.75]))]
    cases += [(thirds, np.array([0.2, 0.5, 0.9995])), (many, rng.random(200))]
    cases += [(np.append(thirds, np.float32(0)), np.array([0.2, 0.9995]))]
    cases += [(np.full(50_000, 2e-5, np.float32), np.array([0.3, 1 - 1e-9]))]
    return ask(
        function,
        [((p, u), _drawn(p, u)) for p, u in cases],
        _OF_DRAWN,
        "So does numpy's own choice: it sums in float64 and divides by the last sum.",
    )


def _log_softmax(z, shift):
    z = z - shift
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _picked(rows, tokens):
    return rows[np.arange(len(rows)), tokens]


def _log_p(z, tokens):
    return _picked(_log_softmax(z, z.max(axis=-1, keepdims=True)), tokens)


def _perplexity(z, tokens):
    return np.exp(-_log_p(z, tokens).mean())


_OF_PERPLEXITY = (
    shaped(
        lambda z, tokens: tokens.shape,
        "One number is asked for, of all the tokens together.",
    ),
    lost(
        "Not finite: a product of that many probabilities is 0, or a probability is so small that "
        "its exp is 0 and its log -inf. Add logs: z minus logsumexp."
    ),
    gives(lambda z, t: -_log_p(z, t).mean(), "That is the loss. The perplexity is its exp."),
    gives(
        lambda z, t: np.exp(-_log_p(z, t).sum()),
        "You take the sum of the logs, which grows with the length. Take their mean.",
    ),
    gives(
        lambda z, t: np.exp(-_log_p(z, t).sum() / (len(z) - 1)),
        "You divide by one less than there are tokens. Every row has its token.",
    ),
    gives(
        lambda z, t: np.exp(-_picked(z, t).mean()),
        "A logit is no log-probability: the logsumexp of its row has to come off.",
    ),
    gives(
        lambda z, t: np.exp(-np.log(_softmax(z))[:, t].mean()),
        "z[:, tokens] takes every token from every row. Row i has one, tokens[i].",
    ),
    gives(
        lambda z, t: np.exp(-np.log(_softmax(z)).mean()),
        "You average over the whole vocabulary. Take from each row the token that came.",
    ),
    gives(
        lambda z, t: np.exp(-(_softmax(z) * np.log(_softmax(z))).sum(axis=-1).mean()),
        "That is from the entropy of each row, which no token changes. Score the tokens that came.",
    ),
    gives(
        lambda z, t: np.exp(-_picked(np.log(_softmax(z.T).T), t).mean()),
        "You take the softmax down the columns. Each row has the logits of one token.",
    ),
    gives(
        lambda z, t: np.exp(-_picked(_log_softmax(z, z.max()), t).mean()),
        "All exps of a low row are 0. Shift each row by its own max, not by one for all rows.",
    ),
    gives(
        lambda z, t: np.exp(_log_p(z, t).mean()),
        "The sign is missing: a perplexity is 1 or more.",
    ),
    gives(
        lambda z, t: 2 ** (-_log_p(z, t).mean()),
        "A power of 2 of a natural logarithm. Take exp, or log2.",
    ),
    gives(
        lambda z, t: np.exp(-_log_p(z, t).mean() / np.log(2)),
        "exp of a logarithm to the base 2. Take 2 to that power, or the natural logarithm.",
    ),
    gives(
        lambda z, t: 1 / np.exp(_log_p(z, t)).mean(),
        "You average the probabilities. Average their logs.",
    ),
    gives(
        lambda z, t: np.exp(-_log_p(z, t)).mean(),
        "You average 1/p. Average the logs, then take exp.",
    ),
    gives(
        lambda z, t: np.exp(-np.log(_softmax(z).max(axis=-1)).mean()),
        "You score the likeliest tokens, and not the ones that came.",
    ),
    makes(lambda right: 1 / right, "Upside down: a perplexity is 1 or more."),
    Fault(
        lambda arguments, expected, got: arguments[0].min() < -800 and 1 < got < expected,
        "Too small where a probability is below every float: a small number added to it, or a "
        "bound, stands in for its log. Add logs: z minus logsumexp.",
    ),
)


@hinted("The perplexity is exp of the loss of 09, and the loss is the mean of -log p.")
def check_perplexity(function):
    """Judges ``function(z, tokens)``: exp of the mean of -log p of the tokens, a row of z each."""
    rng = np.random.default_rng(3)
    three = np.log([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.3, 0.1, 0.6]])
    long = rng.normal(scale=2, size=(2000, 5))
    low = np.array([[0.0, -900.0], [1.0, 2.0], [0.0, 0.5], [3.0, 2.0]])
    cases = [(three, np.array([1, 1, 2])), (np.zeros((4, 27)), np.array([0, 5, 3, 26]))]
    cases += [(long, rng.integers(5, size=2000)), (_FAR, np.array([3, 0]))]
    cases += [(low, np.array([1, 0, 1, 1])), (np.tile(low, (2, 1)), np.array([1, 0] * 4))]
    return ask(
        function,
        [(arguments, _perplexity(*arguments)) for arguments in cases],
        _OF_PERPLEXITY,
        "It is the number of tokens among which a model with equal logits would be as unsure.",
    )
