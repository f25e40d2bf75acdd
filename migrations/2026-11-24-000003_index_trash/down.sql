DROP INDEX CONCURRENTLY documents_deleted_idx;
