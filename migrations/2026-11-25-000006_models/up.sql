-- What the provider `local` has learned, as bytes that every worker loads. Here, not in the bucket: a model is committed
-- with what it was made from, goes into the same backup, and has no key that could be left behind. It has a few MB.
CREATE TABLE models (
    id          uuid        PRIMARY KEY,
    created_at  timestamptz NOT NULL DEFAULT now(),
    bytes       bytea       NOT NULL,
    -- What it was learned from, in words that change when that does: nothing new, nothing to learn.
    learned_from text       NOT NULL CHECK (length(learned_from) BETWEEN 1 AND 500),
    examples    integer     NOT NULL CHECK (examples >= 0),
    unsorted    integer     NOT NULL CHECK (unsorted >= 0),
    topics      integer     NOT NULL CHECK (topics >= 0),
    took_ms     integer     NOT NULL CHECK (took_ms >= 0)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON models TO docuvault_app;
