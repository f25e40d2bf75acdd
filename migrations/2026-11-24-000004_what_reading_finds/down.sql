-- The bytes of the pictures become orphans, which the sweep removes.
ALTER TABLE jobs DROP COLUMN unlock;
ALTER TABLE documents
    DROP COLUMN thumbnail_bytes,
    DROP COLUMN thumbnail_key,
    DROP COLUMN text_source,
    DROP COLUMN file_modified_at,
    DROP COLUMN file_created_at,
    DROP COLUMN author,
    DROP COLUMN declared_type;
