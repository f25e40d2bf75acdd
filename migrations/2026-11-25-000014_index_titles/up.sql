-- Most documents have no title, and the index had an entry for that too. See what is dropped next.
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_titles_trgm_idx ON documents USING gin (title gin_trgm_ops)
    WITH (gin_pending_list_limit = 64) WHERE title IS NOT NULL;
