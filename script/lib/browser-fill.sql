-- :count documents that have been there for long, one put in every minute; browser-stack runs it.
BEGIN;
CREATE TEMPORARY TABLE filled ON COMMIT DROP AS
    SELECT number, gen_random_uuid() AS id FROM generate_series(1, :count) AS number;

INSERT INTO documents (id, filename, title, content_type, object_key, size_bytes, sha256, status, text, created_at, updated_at)
SELECT
    id,
    format('%s %s.%s', (ARRAY['Invoice', 'Lease', 'Payslip', 'Letter', 'Insurance policy', 'Tax notice', 'Receipt'])[1 + number % 7],
        number, (ARRAY['pdf', 'txt', 'jpg'])[1 + number % 3]),
    CASE WHEN number % 4 = 0 THEN format('Number %s of a long life, with a title of its own', number) END,
    (ARRAY['application/pdf', 'text/plain', 'image/jpeg'])[1 + number % 3],
    format('00000000-0000-0000-0000-000000000000/%s/%s', id, gen_random_uuid()),
    1000 + number * 37 % 5000000,
    sha256(convert_to(format('filled %s', number), 'UTF8')),
    CASE WHEN number % 50 = 0 THEN 'needs_review' ELSE 'ready' END,
    format('The text of document %s: amount due, payment, contract, signature.', number),
    moment, moment
FROM filled, LATERAL (SELECT timestamptz '2025-06-01' - number * interval '1 minute' AS moment) AS put_in;

-- Up to two topics each, the second one chosen by a person.
INSERT INTO document_topics (document_id, topic_id, source, confidence)
SELECT filled.id, topic.id, source, CASE source WHEN 'ai' THEN 0.5 + number % 50 / 100.0 END
FROM filled
CROSS JOIN (VALUES ('ai', 0), ('user', 1)) AS chosen (source, place)
JOIN (SELECT id, row_number() OVER (ORDER BY name) - 1 AS at, count(*) OVER () AS count FROM topics) AS topic
    ON topic.at = (number + place) % topic.count
WHERE number % 3 > place;
COMMIT;
ANALYZE;
