-- How many documents stand under each topic, those in the trash among them, is kept and not counted: each page shows it, and
-- counting takes a look at every document. Triggers keep it, so that no way of changing the rows is left out.
LOCK TABLE document_topics IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE topics ADD COLUMN document_count bigint NOT NULL DEFAULT 0;
UPDATE topics SET document_count = (SELECT count(*) FROM document_topics WHERE topic_id = topics.id);

-- Called once for each statement. Topics are locked in the order of their ids, as everywhere, so that no two transactions
-- wait for each other; and no more strongly than that others can go on putting documents under them.
CREATE FUNCTION keep_topic_counts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    topic uuid;
    difference bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        FOR topic, difference IN SELECT topic_id, count(*) FROM added GROUP BY topic_id ORDER BY topic_id LOOP
            UPDATE topics SET document_count = document_count + difference WHERE id = topic;
        END LOOP;
    ELSIF TG_OP = 'DELETE' THEN
        FOR topic, difference IN SELECT topic_id, count(*) FROM removed GROUP BY topic_id ORDER BY topic_id LOOP
            UPDATE topics SET document_count = document_count - difference WHERE id = topic;
        END LOOP;
    ELSE
        FOR topic, difference IN
            SELECT topic_id, sum(one) FROM (
                SELECT topic_id, 1 AS one FROM added UNION ALL SELECT topic_id, -1 FROM removed
            ) AS changes GROUP BY topic_id ORDER BY topic_id
        LOOP
            UPDATE topics SET document_count = document_count + difference WHERE id = topic;
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER document_topics_added AFTER INSERT ON document_topics
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_topic_counts();
CREATE TRIGGER document_topics_removed AFTER DELETE ON document_topics
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION keep_topic_counts();
CREATE TRIGGER document_topics_moved AFTER UPDATE ON document_topics
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_topic_counts();
