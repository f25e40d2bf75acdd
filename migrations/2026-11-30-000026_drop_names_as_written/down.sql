CREATE INDEX CONCURRENTLY documents_filename_trgm_idx ON documents USING gin (filename gin_trgm_ops)
    WITH (gin_pending_list_limit = 64);
