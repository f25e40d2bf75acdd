DROP INDEX CONCURRENTLY IF EXISTS documents_title_trgm_idx;
