-- Rows in the order in which an object store lists their objects (the order of bytes), whatever the locale of the database:
-- `docuvault verify` walks along both at once, page by page. An index and not another collation of the column: that would
-- break the prepared statements of every process that still runs.
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_object_key_bytes_idx ON documents (object_key COLLATE "C");
