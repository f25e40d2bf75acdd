ALTER FUNCTION search_query(text) STABLE;
