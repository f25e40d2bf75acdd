DROP INDEX CONCURRENTLY IF EXISTS documents_titles_trgm_idx;
