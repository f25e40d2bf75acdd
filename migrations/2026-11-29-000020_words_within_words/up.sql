-- "RE-2026-0815", "Kfz-Steuer", "Strom/Gas" and "max@example.com" are one token each to PostgreSQL's parser, or a number below
-- zero: who looks for a part of one did not find it. Each part is a word of its own now, and a search for the whole a phrase of
-- them (`domain::search`). This writes all documents anew, and nobody can read them meanwhile: some seconds for ten thousand.
ALTER TABLE documents
    DROP COLUMN search,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('docuvault', translate(coalesce(title, ''), '-./@_+:~', '        ')), 'A')
        || setweight(to_tsvector('docuvault', translate(filename, '-./@_+:~', '        ')), 'B')
        || to_tsvector('docuvault', translate(coalesce(search_text, text, ''), '-./@_+:~', '        '))
    ) STORED;
CREATE INDEX documents_search_idx ON documents USING gin (search) WITH (gin_pending_list_limit = 256);
