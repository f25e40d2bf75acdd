-- All that it is made of is immutable, and so it is: PostgreSQL works out what a person typed once, while it plans, and not
-- for each row that it looks at.
ALTER FUNCTION search_query(text) IMMUTABLE;
