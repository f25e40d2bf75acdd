ALTER TABLE documents
    DROP COLUMN search,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('docuvault', translate(coalesce(title, ''), '-./@_+:~', '        ')), 'A')
        || setweight(to_tsvector('docuvault', translate(filename, '-./@_+:~', '        ')), 'B')
        || to_tsvector('docuvault', translate(coalesce(search_text, text, ''), '-./@_+:~', '        '))
    ) STORED;
CREATE INDEX documents_search_idx ON documents USING gin (search) WITH (gin_pending_list_limit = 256);
DROP FUNCTION search_words(text);
