-- What it costs to look whether a row answers a search, for the planner alone. PostgreSQL reckons with a comparison of
-- numbers; but the row's tsvector is fetched and unpacked for it, and so it went through thousands of rows in the order of
-- a list where the index of words names the hundred that are sought. A condition that always holds, at so high a price,
-- makes it choose the way on which fewer rows are looked at; it is worked out for those alone that answer the search.
-- Not SQL: that would be put in place, and its price be lost.
CREATE FUNCTION search_toll(id uuid) RETURNS uuid LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS $$ BEGIN RETURN id; END $$;
GRANT EXECUTE ON FUNCTION search_toll(uuid) TO docuvault_app;
