DROP INDEX CONCURRENTLY IF EXISTS documents_filename_trgm_idx;
