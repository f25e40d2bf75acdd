-- Words as people read them. To PostgreSQL's parser "&M;" in "H&M; 12,50" is the name of a sign, and what stands in "<b>" a tag:
-- neither was a word. A soft hyphen, a word joiner and a mark of the byte order are nothing to the eye, and cut words in two:
-- they go, and the rest of what is no letter becomes a blank, as before.
--
-- replace() for each sign: translate() compares each letter of the text with each of the signs, four times as slow with eight of
-- them. And a function of its own, since PostgreSQL reads the expression of a column anew for each statement that writes to
-- it. It names nothing but what PostgreSQL brings along: a dump is restored without a search path.
--
-- This writes all documents anew, and nobody can read them meanwhile: some seconds for ten thousand.
CREATE FUNCTION search_words(typed text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    typed := replace(replace(replace(typed, U&'\00AD', ''), U&'\2060', ''), U&'\FEFF', '');
    typed := replace(replace(replace(replace(replace(typed, '-', ' '), '.', ' '), '/', ' '), '@', ' '), '_', ' ');
    RETURN replace(replace(replace(replace(replace(typed, '+', ' '), ':', ' '), '~', ' '), '&', ' '), '<', ' ');
END $$;
GRANT EXECUTE ON FUNCTION search_words(text) TO docuvault_app;

ALTER TABLE documents
    DROP COLUMN search,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('docuvault', search_words(coalesce(title, ''))), 'A')
        || setweight(to_tsvector('docuvault', search_words(filename)), 'B')
        || to_tsvector('docuvault', search_words(coalesce(search_text, text, '')))
    ) STORED;
CREATE INDEX documents_search_idx ON documents USING gin (search) WITH (gin_pending_list_limit = 256);
