ALTER TABLE documents ALTER COLUMN object_key TYPE text COLLATE "default";
