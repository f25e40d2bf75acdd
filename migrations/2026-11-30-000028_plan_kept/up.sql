-- For the planner alone: what stands beside a parameter that is always true, as in `($1 OR plan_kept(documents.id))`. A plan made
-- for the values at hand leaves it out; one made for all values would call it for each row, at a price beyond every other. So
-- a statement can be prepared, and PostgreSQL never settles on one plan for words that few have and words that all have.
-- Not SQL: that would be put in place, and its price be lost.
CREATE FUNCTION plan_kept(id uuid) RETURNS boolean LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000000000
    AS $$ BEGIN RETURN true; END $$;
GRANT EXECUTE ON FUNCTION plan_kept(uuid) TO docuvault_app;
