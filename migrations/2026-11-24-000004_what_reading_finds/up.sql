-- What a file says of itself, how its text was come by, and the picture of its first page.
-- Every new column is empty at first, so the checks find nothing to object to.
ALTER TABLE documents
    -- What the uploader said it was; content_type is what was found, as far as it was.
    ADD COLUMN declared_type    text CHECK (length(declared_type) BETWEEN 3 AND 255),
    ADD COLUMN author           text CHECK (length(author) BETWEEN 1 AND 500),
    ADD COLUMN file_created_at  timestamptz,
    ADD COLUMN file_modified_at timestamptz,
    ADD COLUMN text_source      text CHECK (text_source IN ('embedded', 'ocr', 'mixed', 'none')),
    -- An object of the document's own under the same schema of keys (D-06). In the order of bytes, as a store lists them.
    ADD COLUMN thumbnail_key    text COLLATE "C",
    ADD COLUMN thumbnail_bytes  integer CHECK (thumbnail_bytes > 0),
    ADD CONSTRAINT documents_thumbnail_check CHECK ((thumbnail_key IS NULL) = (thumbnail_bytes IS NULL)),
    ADD CONSTRAINT documents_thumbnail_key_check CHECK (
        thumbnail_key ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(\.[a-z0-9]{1,10})?$'
        AND split_part(thumbnail_key, '/', 2) = id::text
        AND thumbnail_key <> object_key
    );

-- Under which name the worker asks for the password of the document; the password itself is in no row.
ALTER TABLE jobs ADD COLUMN unlock uuid;
