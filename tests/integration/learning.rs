//! What people decide is learned, and tells where the next document like it goes.

use crate::support::{TestVault, eventually, id_of};
use serde_json::{Value, json};

const GARDEN: [&str; 6] = [
    "The roses want pruning in March, and the soil around the hedge has to be loosened before the seedlings go in.",
    "Compost and mulch keep the vegetable bed moist; water the tomatoes in the evening and tie up the beans.",
    "We planted lavender and rosemary along the path. The hedge needs pruning, and the lawn a new mower.",
    "Slugs ate the seedlings. Put mulch around the beans and the tomatoes, and water the bed in the evening.",
    "Pruning the apple tree: cut above a bud, and spread compost on the soil around its roots in March.",
    "In the evening water the roses, loosen the soil of the bed, and spread mulch and compost on it.",
];

const STARS: [&str; 5] = [
    "The telescope showed the rings of Saturn and four moons of Jupiter; the eyepiece fogged up at midnight.",
    "A nebula in Orion, seen with the large telescope. The galaxy next to Andromeda was too faint for the eyepiece.",
    "Meteors from Perseus all night. The orbit of the comet brings it near Jupiter again in spring.",
    "We polished the mirror of the telescope and found the galaxy in Andromeda at once, and a comet.",
    "The orbit of the moon is tilted; through the eyepiece its craters cast long shadows at half moon.",
];

async fn topic(vault: &TestVault, name: &str) -> String {
    let made = vault.http.post(vault.api("/topics")).json(&json!({"name": name})).send().await.expect("an answer");
    id_of(&made.json::<Value>().await.expect("a topic"))
}

async fn decide(vault: &TestVault, id: &str, topics: &[&str]) {
    let url = vault.api(&format!("/documents/{id}/topics"));
    let answer = vault.http.put(url).json(&json!({"topic_ids": topics})).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

/// A vault with two topics whose names say nothing, and five documents of each that a person has sorted.
async fn taught() -> (TestVault, String, String) {
    let vault = TestVault::builder().without_topics().set("AI_LEARN_INTERVAL_SECONDS", "1").start().await;
    let (first, second) = (topic(&vault, "Folder one").await, topic(&vault, "Folder two").await);
    let worker = vault.worker();
    for (at, (garden, stars)) in GARDEN.iter().zip(&STARS).enumerate() {
        for (text, topic) in [(garden, &first), (stars, &second)] {
            let id = id_of(&vault.put_in(&format!("{at}.txt"), text.as_bytes()).await);
            let document = vault.processed(&id).await;
            assert_eq!(document["status"], "needs_review", "nothing in it speaks for a topic yet: {document}");
            decide(&vault, &id, &[topic]).await;
        }
    }
    learned_from_ten(&vault, 1).await;
    worker.stop().await;
    (vault, first, second)
}

/// Waits until something was learned so often from the ten examples of [`taught`].
async fn learned_from_ten(vault: &TestVault, times: i64) {
    eventually("the last decision is learned", || async {
        let sql =
            "SELECT count(DISTINCT learned_from) FROM jobs WHERE kind = 'learn' AND learned_from LIKE 'examples 10 %'";
        (vault.count(sql).await >= times).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_thinks_better_of_a_choice_teaches_that_too() {
    let (vault, first, second) = taught().await;
    let worker = vault.worker();
    let of_the_first = vault.get_json(&format!("/documents?topic={first}")).await;
    for document in of_the_first["items"].as_array().expect("documents") {
        decide(&vault, &id_of(document), &[&second]).await;
    }
    // As many examples as before, and other ones.
    learned_from_ten(&vault, 2).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_corrections_sort_the_sixth_and_say_why() {
    let (vault, first, _) = taught().await;
    // Another worker than the one that learned it.
    let worker = vault.worker();
    eventually("a sixth document goes where the five went", || async {
        let form = reqwest::multipart::Form::new()
            .text("on_duplicate", "keep")
            .part("file", crate::support::file_part("sixth.txt", GARDEN[5].as_bytes()));
        let id = id_of(&vault.post_form(form).await.json().await.expect("a document"));
        let document = vault.processed(&id).await;
        (document["topics"][0]["id"] == first.as_str()).then_some((id, document))
    })
    .await;
    let id = id_of(&vault.put_in("seventh.txt", format!("{} Again.", GARDEN[5])).await);
    let document = vault.processed(&id).await;
    assert_eq!(document["topics"].as_array().map(Vec::len), Some(1), "{document}");
    assert_eq!((&document["topics"][0]["id"], &document["topics"][0]["source"]), (&json!(first), &json!("ai")));
    worker.stop().await;

    let explanation = vault.get_json(&format!("/documents/{id}/explanation")).await;
    let best = &explanation["topics"][0];
    assert_eq!(best["id"], first.as_str());
    assert!(best["confidence"].as_f64().is_some_and(|sure| sure > 0.5), "{explanation}");
    let words: Vec<&str> =
        best["words"].as_array().expect("words").iter().filter_map(|word| word["word"].as_str()).collect();
    assert!(
        words.iter().any(|word| ["mulch", "compost", "soil", "water", "bed", "evening"].contains(word)),
        "{words:?}"
    );
    let itself = format!("{} again seventh txt", GARDEN[5].to_lowercase());
    assert!(words.iter().all(|word| itself.contains(word)), "words of the document itself: {words:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_learned_is_unlearned_with_the_last_example() {
    let (vault, first, second) = taught().await;
    for topic in [&first, &second] {
        let under = vault.get_json(&format!("/documents?topic={topic}")).await;
        for document in under["items"].as_array().expect("documents") {
            let url = vault.api(&format!("/documents/{}/topics/undo", id_of(document)));
            assert_eq!(vault.http.post(url).send().await.expect("an answer").status(), 200);
        }
    }
    let worker = vault.worker();
    eventually("a model without examples is learned", || async {
        let sql = "SELECT count(*) FROM jobs WHERE kind = 'learn' AND learned_from LIKE 'examples 0 %'";
        (vault.count(sql).await > 0).then_some(())
    })
    .await;
    // Which the worker takes into use with its next look, in a moment.
    eventually("nothing says that it belongs there any more", || async {
        let form = reqwest::multipart::Form::new()
            .text("on_duplicate", "keep")
            .part("file", crate::support::file_part("again.txt", GARDEN[5].as_bytes()));
        let id = id_of(&vault.post_form(form).await.json().await.expect("a document"));
        (vault.processed(&id).await["status"] == "needs_review").then_some(())
    })
    .await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_model_is_learned_anew() {
    let (vault, ..) = taught().await;
    vault
        .superuser()
        .await
        .execute("UPDATE jobs SET model = 'no model' WHERE kind = 'learn'", &[])
        .await
        .expect("rows");
    let worker = vault.worker();
    eventually("a sound one stands in its place", || async {
        let sql = "SELECT count(*) FROM jobs WHERE kind = 'learn' AND model <> 'no model'";
        (vault.count(sql).await > 0).then_some(())
    })
    .await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_learned_does_not_touch_what_a_person_chose_nor_what_it_knows_nothing_of() {
    let (vault, first, second) = taught().await;
    let worker = vault.worker();
    // A person's choice against all that was learned.
    let id = id_of(&vault.put_in("mine.txt", format!("{} {}", GARDEN[5], GARDEN[0])).await);
    vault.processed(&id).await;
    decide(&vault, &id, &[&second]).await;
    let again = vault.http.post(vault.api(&format!("/documents/{id}/reprocess"))).send().await.expect("an answer");
    assert_eq!(again.status(), 202);
    let document = vault.processed(&id).await;
    assert_eq!((&document["topics"][0]["id"], &document["topics"][0]["source"]), (&json!(second), &json!("user")));
    let strange = "Whisk four eggs with the sugar until pale, fold in the flour, then bake for half an hour.";
    let id = id_of(&vault.put_in("cake.txt", strange).await);
    let document = vault.processed(&id).await;
    assert_eq!(document["status"], "needs_review", "{document}");
    worker.stop().await;
    drop(first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_cannot_be_read_takes_nothing_away() {
    let vault = TestVault::builder().set("AI_LEARN_INTERVAL_SECONDS", "1").start().await;
    let sql = "INSERT INTO jobs (id, kind, state, model, learned_from)
        VALUES (gen_random_uuid(), 'learn', 'done', 'no model', 'nothing')";
    vault.superuser().await.execute(sql, &[]).await.expect("a row");
    let worker = vault.worker();
    let id = id_of(&vault.put_in("invoice.txt", crate::support::files::INVOICE).await);
    let document = vault.processed(&id).await;
    assert_eq!(document["topics"][0]["name"], "Invoice", "{document}");
    worker.stop().await;
}
