REVOKE SELECT ON __diesel_schema_migrations FROM docuvault_app;
DROP TABLE audit_log, leases, jobs, cloud_connections, shares, document_topics, topics, documents, folders,
    group_members, groups, quotas, refresh_tokens, users;
DROP FUNCTION search_query(text);
DROP TEXT SEARCH CONFIGURATION docuvault;
DROP EXTENSION unaccent;
DROP EXTENSION pg_trgm;
