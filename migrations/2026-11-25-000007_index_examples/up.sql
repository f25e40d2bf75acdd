-- The documents that a person has sorted: what there is to learn from, and whether that has changed. A worker asks every
-- few seconds, however many documents there are.
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_examples_idx ON documents (updated_at, id) WHERE topics_by_user AND deleted_at IS NULL;
