-- As for names.
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_title_lower_trgm_idx ON documents USING gin (lower(title) gin_trgm_ops)
    WITH (gin_pending_list_limit = 64) WHERE title IS NOT NULL;
