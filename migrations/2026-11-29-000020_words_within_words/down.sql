ALTER TABLE documents
    DROP COLUMN search,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('docuvault', coalesce(title, '')), 'A')
        || setweight(to_tsvector('docuvault', filename || ' ' || translate(filename, '._-', '   ')), 'B')
        || to_tsvector('docuvault', coalesce(search_text, text, ''))
    ) STORED;
CREATE INDEX documents_search_idx ON documents USING gin (search) WITH (gin_pending_list_limit = 256);
