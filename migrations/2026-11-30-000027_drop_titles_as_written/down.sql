CREATE INDEX CONCURRENTLY documents_titles_trgm_idx ON documents USING gin (title gin_trgm_ops)
    WITH (gin_pending_list_limit = 64) WHERE title IS NOT NULL;
