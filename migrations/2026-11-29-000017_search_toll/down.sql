DROP FUNCTION search_toll(uuid);
