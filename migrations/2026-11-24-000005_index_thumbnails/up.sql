-- Whose object is this? The sweep and `verify` ask for thousands of them, and one object is one document's.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS documents_thumbnail_key ON documents (thumbnail_key) WHERE thumbnail_key IS NOT NULL;
