-- What lies in the trash, by when it came there: the trash's own list, the purge of what lay there long enough, and what
-- counts have to leave out. Few rows are in it, however many documents there are.
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_deleted_idx ON documents (deleted_at, id) WHERE deleted_at IS NOT NULL;
