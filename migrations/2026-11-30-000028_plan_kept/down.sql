DROP FUNCTION plan_kept(uuid);
