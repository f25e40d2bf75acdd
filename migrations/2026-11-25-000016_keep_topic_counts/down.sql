DROP TRIGGER document_topics_moved ON document_topics;
DROP TRIGGER document_topics_removed ON document_topics;
DROP TRIGGER document_topics_added ON document_topics;
DROP FUNCTION keep_topic_counts();
ALTER TABLE topics DROP COLUMN document_count;
