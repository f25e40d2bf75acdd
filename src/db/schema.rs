//! The tables the vault's queries touch, as diesel sees them. A test reads every column of each from a migrated
//! database, so that this file can't drift from the migrations. (`users`, `groups`, `folders` and the other tables of
//! the skeleton stand empty and have no query yet.)
#![expect(missing_docs, reason = "the macros make the items; the migrations explain the columns")]

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    documents (id) {
        id -> Uuid,
        filename -> Text,
        title -> Nullable<Text>,
        content_type -> Text,
        object_key -> Text,
        size_bytes -> BigInt,
        sha256 -> Binary,
        is_copy -> Bool,
        status -> Text,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        topics_by_user -> Bool,
        text -> Nullable<Text>,
        text_truncated -> Bool,
        search_text -> Nullable<Text>,
        language -> Nullable<Text>,
        page_count -> Nullable<Integer>,
        declared_type -> Nullable<Text>,
        author -> Nullable<Text>,
        file_created_at -> Nullable<Timestamptz>,
        file_modified_at -> Nullable<Timestamptz>,
        text_source -> Nullable<Text>,
        thumbnail_key -> Nullable<Text>,
        thumbnail_bytes -> Nullable<Integer>,
        deleted_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    topics (id) {
        id -> Uuid,
        name -> Text,
        description -> Text,
        color -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        document_count -> BigInt,
    }
}

table! {
    document_topics (document_id, topic_id) {
        document_id -> Uuid,
        topic_id -> Uuid,
        source -> Text,
        confidence -> Nullable<Float>,
        created_at -> Timestamptz,
    }
}

table! {
    jobs (id) {
        id -> Uuid,
        kind -> Text,
        document_id -> Nullable<Uuid>,
        state -> Text,
        attempts -> Integer,
        run_after -> Timestamptz,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        unlock -> Nullable<Uuid>,
        model -> Nullable<Binary>,
        learned_from -> Nullable<Text>,
        run -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

table! {
    leases (name) {
        name -> Text,
        lease_owner -> Text,
        lease_until -> Timestamptz,
    }
}

table! {
    audit_log (id) {
        id -> BigInt,
        at -> Timestamptz,
        actor -> Text,
        action -> Text,
        subject_type -> Text,
        subject_id -> Uuid,
        detail -> Jsonb,
    }
}

joinable!(document_topics -> documents (document_id));
joinable!(document_topics -> topics (topic_id));
joinable!(jobs -> documents (document_id));
allow_tables_to_appear_in_same_query!(documents, topics, document_topics, jobs);
