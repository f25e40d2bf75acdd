CREATE OR REPLACE FUNCTION search_query(typed text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
    SELECT CASE WHEN query::text LIKE '%''' AND query::text !~ '!''[^'']*''$' THEN (query::text || ':*')::tsquery ELSE query END
    FROM websearch_to_tsquery('docuvault', typed) AS query
);
