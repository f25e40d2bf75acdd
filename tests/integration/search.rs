//! Finding: full text, substrings, filters, orders, pages.

use crate::support::{TestVault, file_part, id_of};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use docuvault::db::queries::listing::{self, Filter, ListQuery, Sort};
use reqwest::multipart::Form;
use serde_json::{Value, json};

/// The names on all pages of a list, so many a page.
async fn all_pages(vault: &TestVault, query: &str, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = vault.get_json(&format!("/documents?{query}limit={limit}{cursor}")).await;
        seen.extend(names(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

fn names(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["filename"].as_str().expect("a name").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_phrases_beginnings_and_substrings() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    for (name, text) in [
        ("heating-2025.txt", "The annual service of the heating boiler was done by Müller & Söhne."),
        ("lease.txt", "The boiler belongs to the landlord. Annual rent is due in advance."),
        ("tax_return_2024.txt", "Income and deductions of the year."),
        (
            "bill.txt",
            "Rechnung RE-2026-0815 vom 15.03.2026, Nr.4711, Strom/Gas 1.234,50 EUR, zum Kfz-Steuerbescheid; \
             max.mustermann@example.com",
        ),
        ("shop.csv", "H&M;12,50;Klei\u{ad}dung <b>bold</b> l\u{2019}avocat"),
        ("Übersicht_MÄRZ.TXT", "Nothing of note."),
    ] {
        let id = id_of(&vault.put_in(name, text).await);
        vault.processed(&id).await;
        if name == "lease.txt" {
            let title =
                vault.http.patch(vault.api(&format!("/documents/{id}"))).json(&json!({"title": "VERTRAG Köln"}));
            assert_eq!(title.send().await.expect("an answer").status(), 200);
        }
    }
    for (q, expected) in [
        ("boiler", &["heating-2025.txt", "lease.txt"][..]),
        ("BOILER heating", &["heating-2025.txt"]),
        ("\"heating boiler\"", &["heating-2025.txt"]),
        ("\"boiler heating\"", &[]),
        ("boiler -landlord", &["heating-2025.txt"]),
        // "heat" alone is not there: what is left out is the word itself, not all that begin with it.
        ("boiler -heat", &["heating-2025.txt", "lease.txt"]),
        ("landlord or deductions", &["lease.txt", "tax_return_2024.txt"]),
        ("landl", &["lease.txt"]),
        ("muller", &["heating-2025.txt"]),
        ("Müller", &["heating-2025.txt"]),
        ("return", &["tax_return_2024.txt"]),
        ("x_retu", &["tax_return_2024.txt"]),
        ("ating-20", &["heating-2025.txt"]),
        ("RSICHT_mär", &["Übersicht_MÄRZ.TXT"]),
        ("übersicht_MÄRZ.t", &["Übersicht_MÄRZ.TXT"]),
        ("ERTRAG KÖL", &["lease.txt"]),
        ("ertrag köl", &["lease.txt"]),
        ("ertrag_köl", &[]),
        ("%", &[]),
        ("nothing-like-this", &[]),
        // What is written as one has several words in it, and each is found, and the whole.
        ("RE-2026-0815", &["bill.txt"]),
        ("2026-0815", &["bill.txt"]),
        ("0815", &["bill.txt"]),
        ("0815-2026", &[]),
        ("4711", &["bill.txt"]),
        ("nr. 4711", &["bill.txt"]),
        ("15.03", &["bill.txt"]),
        ("gas", &["bill.txt"]),
        ("mustermann", &["bill.txt"]),
        ("max.mustermann@example.com", &["bill.txt"]),
        ("Kfz-Steuer", &["bill.txt"]),
        ("kfz-steuerb", &["bill.txt"]),
        ("steuerbescheid", &["bill.txt"]),
        ("bescheid -kfz-steuer", &[]),
        ("1.234,50", &["bill.txt"]),
        ("h&m", &["shop.csv"]),
        ("kleidung", &["shop.csv"]),
        ("klei\u{ad}dung", &["shop.csv"]),
        ("bold", &["shop.csv"]),
        ("l'avocat", &["shop.csv"]),
        ("Rechnung OR-2026-0815", &[]),
        // A hyphen by itself leaves nothing out, and a row of them is no search.
        ("boiler - landlord", &["lease.txt"]),
        ("boiler ----------------------------------------", &["heating-2025.txt", "lease.txt"]),
        ("----------------------------------------", &[]),
    ] {
        let page = vault.http.get(vault.api("/documents")).query(&[("q", q), ("sort", "filename")]).send().await;
        let page: Value = page.expect("an answer").json().await.expect("JSON");
        assert_eq!(names(&page), expected, "{q}");
        for item in page["items"].as_array().expect("a list") {
            assert!(item["highlight"].is_string(), "{q}");
        }
    }
    let page = vault.get_json("/documents").await;
    assert!(page["items"][0].get("highlight").is_none(), "no search, no highlight");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_at_the_end_of_a_book_is_found_and_markup_in_it_is_harmless() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let mut book: String = (0..60_000).map(|n| format!("chapter{} and verse ", n % 900)).collect();
    book.push_str("<img src=x onerror=alert(1)> Zwiebelkuchen at last");
    let id = id_of(&vault.put_in("book.txt", book).await);
    assert_eq!(vault.processed(&id).await["error"], Value::Null);
    let page = vault.get_json("/documents?q=zwiebelkuchen").await;
    assert_eq!(names(&page), ["book.txt"]);
    let highlight = page["items"][0]["highlight"].as_str().expect("a highlight");
    assert!(highlight.contains("<mark>Zwiebelkuchen</mark>"), "the passage is the one with the word: {highlight}");
    assert!(!highlight.contains("<img"), "{highlight}");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_passage_of_a_book_is_the_one_with_the_word() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let book =
        format!("The current report. {} At last the rent for Ma\u{df} & Müller.", "und so weiter ß ".repeat(4000));
    let id = id_of(&vault.put_in("book.txt", book).await);
    vault.processed(&id).await;
    for (q, passage) in [("rent", "last the <mark>rent</mark> for"), ("muller", "<mark>Müller</mark>")] {
        let page = vault.get_json(&format!("/documents?q={q}")).await;
        let highlight = page["items"][0]["highlight"].as_str().expect("a highlight");
        assert!(highlight.contains(passage), "{q}: {highlight}");
    }
    worker.stop().await;
}

/// PostgreSQL does not keep the place of every word of a long text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_as_one_is_found_in_a_long_text_too() {
    let vault = TestVault::new().await;
    let worker = vault.worker();
    let mut account: String =
        (0..400).map(|n| format!("{:02}.{:02}.2026 fee for the account\n", n % 28 + 1, n / 28 % 12 + 1)).collect();
    account.push_str("31.12.2026 balance\n");
    let mut members: String = (0..20_000).map(|n| format!("word{} ", n % 5000)).collect();
    members.push_str("max.spaet@example.org 2026-0815 Kündigungsfrist beträgt");
    let sheet: String = (0..365).map(|n| format!("{:02}.{:02}.2026 8,00 h\n", n % 31 + 1, n / 31 + 1)).collect();
    // It has all the words of a date, and not the date.
    let contract = format!("03.01.2026 to 30.06.2027, §15, {}", "as was agreed upon ".repeat(600));
    let texts = [("account.txt", account), ("members.txt", members), ("sheet.txt", sheet), ("contract.txt", contract)];
    for (name, text) in texts {
        let id = id_of(&vault.put_in(name, text).await);
        vault.processed(&id).await;
    }
    for (q, expected) in [
        ("31.12.2026", &["account.txt"][..]),
        ("29.07.2026", &["sheet.txt"]),
        ("15.03.2026", &["account.txt", "sheet.txt"]),
        ("15.03.2027", &[]),
        ("max.spaet@example.org", &["members.txt"]),
        ("2026-0815", &["members.txt"]),
        ("2026-08155", &[]),
        ("\"kundigungsfrist beträgt\"", &["members.txt"]),
        ("\"beträgt Kündigungsfrist\"", &[]),
        ("nowhere or 2026-081", &["members.txt"]),
        ("spaet", &["members.txt"]),
    ] {
        assert_eq!(names(&vault.get_json(&format!("/documents?sort=filename&q={q}")).await), expected, "{q}");
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_goes_through_all_pages_once() {
    let vault = TestVault::new().await;
    let mut made = Vec::new();
    for (n, name) in ["b.txt", "A.txt", "c.md", "a2.txt", "B2.txt", "z.txt", "y.txt"].into_iter().enumerate() {
        // Two of the same size, so that ties are broken too.
        let text = format!("common word {n} {}", "x".repeat(n / 2 * 10));
        made.push(vault.put_in(name, text).await);
    }
    let by = |key: fn(&Value) -> (String, String)| {
        let mut sorted = made.clone();
        sorted.sort_by_key(key);
        sorted.iter().map(|d| d["filename"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let created = by(|d| (d["created_at"].as_str().expect("a time").to_owned(), d["id"].to_string()));
    let filename = by(|d| (d["filename"].as_str().expect("a name").to_lowercase(), d["id"].to_string()));
    let size = by(|d| (format!("{:09}", d["size_bytes"].as_i64().expect("a size")), d["id"].to_string()));
    let reversed = |list: &[String]| list.iter().rev().cloned().collect::<Vec<_>>();
    for (sort, expected) in [
        ("", reversed(&created)),
        ("sort=-created_at&", reversed(&created)),
        ("sort=created_at&", created),
        ("sort=filename&", filename.clone()),
        ("sort=-filename&", reversed(&filename)),
        ("sort=size&", size.clone()),
        ("sort=-size&", reversed(&size)),
    ] {
        let seen = all_pages(&vault, sort, 2).await;
        assert_eq!(seen, expected, "{sort}");
    }
    // By relevance: all pages once as well, whatever the order.
    let mut seen = all_pages(&vault, "q=txt&sort=relevance&", 2).await;
    seen.sort();
    assert_eq!(seen, ["A.txt", "B2.txt", "a2.txt", "b.txt", "y.txt", "z.txt"]);
    // A cursor of one order means nothing in another.
    let page = vault.get_json("/documents?sort=size&limit=1").await;
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let other = vault.get(&format!("/documents?sort=filename&cursor={cursor}")).await;
    crate::support::problem(other, 400, "invalid_cursor").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_was_answered_before_shows_each_change_once_it_is_committed() {
    let vault = TestVault::new().await;
    let id = id_of(&vault.put_in("0.txt", "words").await);
    let superuser = vault.superuser().await;
    let list = async || names(&vault.get_json("/documents?q=words").await);
    let listed = async || names(&vault.get_json("/documents?limit=5").await);
    assert_eq!(listed().await, ["0.txt"]);
    for round in 1..=20 {
        let (before, now) = (format!("{}.txt", round - 1), format!("{round}.txt"));
        // By another process than the one that is asked.
        let change = format!("BEGIN; UPDATE documents SET filename = '{now}' WHERE id = '{id}'");
        superuser.batch_execute(&change).await.expect("a change");
        assert_eq!(listed().await, [before.as_str()], "not committed yet");
        assert_eq!(listed().await, [before.as_str()]);
        superuser.batch_execute("COMMIT").await.expect("committed");
        assert_eq!(listed().await, [now.as_str()]);
        assert_eq!(listed().await, [now.as_str()]);
    }
    assert_eq!(list().await, Vec::<String>::new(), "not read yet");
    let worker = vault.worker();
    vault.processed(&id).await;
    assert_eq!(list().await, ["20.txt"]);
    vault.http.delete(vault.api(&format!("/documents/{id}"))).send().await.expect("an answer");
    assert_eq!(listed().await, Vec::<String>::new());
    assert_eq!(list().await, Vec::<String>::new());
    let other = vault.get("/documents?limit=0").await;
    crate::support::problem(other, 400, "invalid_query").await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_narrow_the_list_together() {
    let vault = TestVault::new().await;
    let (tax, letter) = (vault.topic_id("Tax").await, vault.topic_id("Letter").await);
    let first = vault.put_in("one.txt", "one").await;
    let second = vault.put_in("two.md", "two").await;
    let third = vault.put_in("three.txt", "three").await;
    let choose = |document: &Value, topics: Value| {
        let url = vault.api(&format!("/documents/{}/topics", id_of(document)));
        vault.http.put(url).json(&json!({"topic_ids": topics})).send()
    };
    choose(&first, json!([tax, letter])).await.expect("an answer");
    choose(&second, json!([tax])).await.expect("an answer");
    let list = async |query: String| names(&vault.get_json(&format!("/documents?sort=created_at&{query}")).await);
    assert_eq!(list(format!("topic={tax}")).await, ["one.txt", "two.md"]);
    assert_eq!(list(format!("topic={tax}&topic={letter}")).await, ["one.txt"]);
    assert_eq!(list(format!("topic={tax}&topic={tax}")).await, ["one.txt", "two.md"]);
    assert_eq!(list("content_type=text/markdown".to_owned()).await, ["two.md"]);
    assert_eq!(list("status=pending".to_owned()).await.len(), 3);
    assert_eq!(list("status=ready".to_owned()).await.len(), 0);
    assert_eq!(list("status=ready&status=pending".to_owned()).await.len(), 3);
    assert_eq!(list("status=ready&status=failed".to_owned()).await.len(), 0);
    let sha256 = second["sha256"].as_str().expect("a hash").to_owned();
    assert_eq!(list(format!("sha256={sha256}")).await, ["two.md"]);
    assert_eq!(list(format!("sha256={}&topic={letter}", sha256.to_uppercase())).await, [""; 0]);
    assert_eq!(list(format!("sha256={}", "0".repeat(64))).await, [""; 0]);
    let at = |document: &Value| document["created_at"].as_str().expect("a time").to_owned();
    assert_eq!(list(format!("created_from={}", at(&second))).await, ["two.md", "three.txt"]);
    assert_eq!(list(format!("created_to={}", at(&third))).await, ["one.txt", "two.md"]);
    assert_eq!(list(format!("created_from={}&created_to={}&topic={tax}", at(&second), at(&third))).await, ["two.md"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_are_asked_for_one_by_one_or_by_family() {
    let vault = TestVault::new().await;
    for (name, content_type) in [
        ("photo.png", "image/png"),
        ("scan.tiff", "image/tiff"),
        ("odd.bin", "imagery/png"),
        ("letter.txt", "text/plain"),
        ("notes.md", "text/markdown"),
    ] {
        let part = file_part(name, name).mime_str(content_type).expect("a type");
        assert_eq!(vault.post_form(Form::new().part("file", part)).await.status(), 201);
    }
    for (types, expected) in [
        (&["image/*"][..], &["photo.png", "scan.tiff"][..]),
        (&["image/png"], &["photo.png"]),
        (&["image/png", "text/plain"], &["letter.txt", "photo.png"]),
        (&["image/*", "text/markdown"], &["notes.md", "photo.png", "scan.tiff"]),
        (&["image/*", "text/*"], &["letter.txt", "notes.md", "photo.png", "scan.tiff"]),
        (&["video/*"], &[]),
        // No pattern but the family: the rest is the name of a type that nobody has.
        (&["image/p*"], &[]),
        (&["%/*"], &[]),
        (&["*"], &[]),
    ] {
        let query: Vec<(&str, &str)> =
            types.iter().map(|name| ("content_type", *name)).chain([("sort", "filename")]).collect();
        let page = vault.http.get(vault.api("/documents")).query(&query).send().await.expect("an answer");
        assert_eq!(names(&page.json().await.expect("JSON")), expected, "{types:?}");
    }
    let wrong = vault.get("/documents?status=ready&status=lost").await;
    crate::support::problem(wrong, 400, "invalid_query").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_relevance_the_newest_two_thousand_are_ranked_and_other_orders_have_them_all() {
    let vault = TestVault::new().await;
    // The older a document, the more often it has the word; the oldest twenty are beyond what is ranked.
    let fill = "INSERT INTO documents (id, filename, content_type, object_key, size_bytes, sha256, status, text, created_at)
         SELECT id, n || '.txt', 'text/plain', '00000000-0000-0000-0000-000000000000/' || id || '/' || gen_random_uuid(), 1,
             sha256(n::text::bytea), 'ready', repeat('boiler ', 1 + n / 100), now() - n * interval '1 minute'
         FROM (SELECT gen_random_uuid() AS id, n FROM generate_series(1, 2020) AS n) AS rows";
    assert_eq!(vault.superuser().await.execute(fill, &[]).await.expect("filled"), 2020);
    let all = async |sort: &str| all_pages(&vault, &format!("q=boiler&sort={sort}&"), 200).await;
    let ranked = all("relevance").await;
    assert_eq!(ranked.len(), 2000);
    assert!(!ranked.contains(&"2001.txt".to_owned()), "only the newest are ranked");
    let place = |name: &str| ranked.iter().position(|known| known == name).expect(name);
    assert!(place("1999.txt") < place("1.txt"), "the one that has the word most often comes first");
    let mut once = ranked.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), 2000, "each once");
    assert_eq!(all("-created_at").await.len(), 2020, "by time all of them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn among_many_documents_a_search_finds_each_once_in_order_however_rare_it_is() {
    let vault = TestVault::new().await;
    let superuser = vault.superuser().await;
    const DOCUMENTS: u32 = 9400;
    /// Whether a word stands in the document of this number, which is as many minutes old.
    type StandsIn = fn(u32) -> bool;
    let words: [(&str, StandsIn); 6] = [
        ("everywhere", |n| n % 10 == 0),
        ("midway", |n| n % 300 == 5),
        ("newest", |n| n == 3 || n > 9390),
        ("longago", |n| n > 8700 && n % 50 == 1),
        ("nowhere", |_| false),
        // A part of names, in no text.
        ("0123", |n| format!("{n:05}").contains("0123")),
    ];
    let fill = "INSERT INTO documents (id, filename, content_type, object_key, size_bytes, sha256, status, text, created_at)
         SELECT id, to_char(n, 'FM00000') || '.txt', 'text/plain',
             '00000000-0000-0000-0000-000000000000/' || id || '/' || gen_random_uuid(), n, sha256(n::text::bytea), 'ready',
             concat_ws(' ', CASE WHEN n % 10 = 0 THEN 'everywhere' END, CASE WHEN n % 300 = 5 THEN 'midway' END,
                 CASE WHEN n = 3 OR n > 9390 THEN 'newest' END, CASE WHEN n > 8700 AND n % 50 = 1 THEN 'longago' END),
             now() - n * interval '1 minute'
         FROM (SELECT gen_random_uuid() AS id, n FROM generate_series(1, 9400) AS n) AS rows";
    superuser.execute(fill, &[]).await.expect("filled");
    // A vault of a million takes too long to make: PostgreSQL is told that this is one.
    superuser
        .batch_execute(
            "ALTER TABLE documents SET (autovacuum_enabled = off); ANALYZE documents;
             UPDATE pg_class SET reltuples = 1e6 WHERE oid = 'documents'::regclass",
        )
        .await
        .expect("told");
    for (word, stands_in) in words {
        let expected: Vec<String> = (1..=DOCUMENTS).filter(|n| stands_in(*n)).map(|n| format!("{n:05}.txt")).collect();
        let backwards: Vec<String> = expected.iter().rev().cloned().collect();
        for (sort, expected) in [
            ("-created_at", &expected),
            ("created_at", &backwards),
            ("filename", &expected),
            ("-filename", &backwards),
            ("size", &expected),
            ("-size", &backwards),
        ] {
            let found = all_pages(&vault, &format!("q={word}&sort={sort}&"), 25).await;
            assert_eq!(&found, expected, "{word} by {sort}");
        }
    }
    // Under a topic stand those with one of the words.
    let made = vault.http.post(vault.api("/topics")).json(&json!({"name": "Half"})).send().await.expect("an answer");
    let topic = id_of(&made.json().await.expect("JSON"));
    let file = format!(
        "INSERT INTO document_topics (document_id, topic_id, source)
         SELECT id, '{topic}', 'user' FROM documents WHERE text ~ 'midway|longago'"
    );
    superuser.batch_execute(&file).await.expect("filed");
    for (query, stands_in) in [
        ("", (|n| n % 300 == 5 || n > 8700 && n % 50 == 1) as StandsIn),
        ("q=midway&", |n| n % 300 == 5),
        ("q=longago&", |n| n > 8700 && n % 50 == 1),
        ("q=everywhere&", |_| false),
    ] {
        let expected: Vec<String> = (1..=DOCUMENTS).filter(|n| stands_in(*n)).map(|n| format!("{n:05}.txt")).collect();
        let found = all_pages(&vault, &format!("{query}topic={topic}&"), 25).await;
        assert_eq!(found, expected, "{query} under the topic");
    }
    superuser
        .batch_execute("UPDATE documents SET deleted_at = now() - size_bytes * interval '1 second'")
        .await
        .expect("trashed");
    for (word, stands_in) in words {
        let expected: Vec<String> = (1..=DOCUMENTS).filter(|n| stands_in(*n)).map(|n| format!("{n:05}.txt")).collect();
        let found = all_pages(&vault, &format!("q={word}&deleted=true&"), 25).await;
        assert_eq!(found, expected, "{word} in the trash");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_a_workers_hands_is_being_processed_wherever_one_looks() {
    let vault = TestVault::new().await;
    for name in ["a.txt", "b.txt", "c.txt"] {
        vault.put_in(name, name).await;
    }
    let claim = "UPDATE jobs SET state = 'running', lease_owner = 'x', lease_until = now() + interval '1 hour'
        WHERE document_id = (SELECT id FROM documents WHERE filename = 'b.txt')";
    assert_eq!(vault.superuser().await.execute(claim, &[]).await.expect("claimed"), 1);
    let processing = vault.get_json("/documents?status=processing").await;
    assert_eq!(names(&processing), ["b.txt"]);
    assert_eq!(processing["items"][0]["status"], "processing");
    let id = id_of(&processing["items"][0]);
    assert_eq!(vault.document(&id).await["status"], "processing");
    let of = async |query: &str| names(&vault.get_json(&format!("/documents?{query}&sort=filename")).await);
    assert_eq!(of("status=pending").await, ["a.txt", "c.txt"]);
    assert_eq!(of("status=pending&status=processing").await, ["a.txt", "b.txt", "c.txt"]);
    assert_eq!(of("status=processing&status=ready").await, ["b.txt"]);
    let stats = vault.get_json("/stats").await;
    let by_status = &stats["by_status"];
    assert_eq!((&by_status["pending"], &by_status["processing"]), (&json!(2), &json!(1)), "{stats}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_for_searches_is_kept_but_never_one_plan_for_all_words() {
    let vault = TestVault::new().await;
    // One of twenty has the first word, and all have the second. What it costs to find the first is more than PostgreSQL expects of
    // an unknown word, so that after some searches it would go on with a plan for unknown words.
    let fill = "INSERT INTO documents (id, filename, content_type, object_key, size_bytes, sha256, text)
        SELECT id, n || '.txt', 'text/plain', '00000000-0000-0000-0000-000000000000/' || id || '/' || gen_random_uuid(),
            n, sha256(n::text::bytea), 'everywhere' || CASE WHEN n % 20 = 0 THEN ' sometimes' ELSE '' END
        FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, 2000) AS n) AS numbered;
        ANALYZE documents";
    vault.superuser().await.batch_execute(fill).await.expect("filled");
    let mut conn = vault.vault.db.get().await.expect("a connection");
    for word in [["sometimes"; 8], ["everywhere"; 8]].concat() {
        let list = ListQuery {
            filter: Filter { q: Some(word.to_owned()), ..Filter::default() },
            sort: Sort::CreatedAt,
            descending: true,
            after: None,
            limit: 25,
        };
        let page = listing::list(&mut conn, list).await.expect("a page");
        assert_eq!((page.rows.len(), page.more), (25, true), "{word}");
    }
    let kept = diesel::sql_query(
        "SELECT custom_plans, generic_plans FROM pg_prepared_statements
         WHERE statement LIKE '%plan_kept(documents.id)%' AND statement NOT LIKE '%pg_prepared_statements%'",
    );
    let plans: Vec<Plans> = diesel_async::RunQueryDsl::load(kept, &mut *conn).await.expect("plans");
    assert_eq!(plans, [Plans { custom_plans: 16, generic_plans: 0 }]);
}

/// How often a statement was planned for the values at hand, and how often its plan for all values was taken.
#[derive(Debug, PartialEq, QueryableByName)]
struct Plans {
    #[diesel(sql_type = BigInt)]
    custom_plans: i64,
    #[diesel(sql_type = BigInt)]
    generic_plans: i64,
}
