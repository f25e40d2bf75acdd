//! The provider as a whole: what it learns, and what it does not unlearn.

use super::*;
use uuid::Uuid;

const TOPICS: [(&str, &str); 5] = [
    (
        "Invoice",
        "A bill for goods or services: invoice number, bill to, amount due, unit price, quantity, VAT, payment terms.",
    ),
    (
        "Contract",
        "An agreement between parties: terms and conditions, clauses, signature, termination, notice period, liability.",
    ),
    (
        "Medical",
        "Papers of a doctor, hospital or laboratory: patient, diagnosis, prescription, treatment, blood test, results.",
    ),
    (
        "Letter",
        "A letter from one person or office to another: dear sir or madam, yours sincerely, best regards, enclosed.",
    ),
    (
        "Manual",
        "Instructions for a device: user manual, installation, safety warnings, troubleshooting, maintenance, setup.",
    ),
];

fn topics() -> Vec<Topic> {
    let topic = |(at, (name, description)): (usize, &(&str, &str))| Topic {
        id: TopicId::from(Uuid::from_u128(at as u128 + 1)),
        name: (*name).to_owned(),
        description: (*description).to_owned(),
    };
    TOPICS.iter().enumerate().map(topic).collect()
}

fn id_of(topics: &[Topic], name: &str) -> TopicId {
    topics.iter().find(|topic| topic.name == name).map(|topic| topic.id).expect("one of them")
}

fn subject(text: &str) -> Subject<'_> {
    Subject { title: "scan.pdf", text, language: Some("eng"), ..Subject::default() }
}

fn with(model: Model) -> LocalProvider {
    let provider = LocalProvider::default();
    provider.install(Arc::new(model));
    provider
}

fn best(provider: &LocalProvider, topics: &[Topic], text: &str) -> (Option<TopicId>, f32) {
    let assessment = provider.assess(subject(text), topics);
    assessment.scores.first().map_or((None, 0.0), |score| (Some(score.topic), score.confidence))
}

/// Letters of an allotment society, of which no description has a word.
const GARDEN: [&str; 6] = [
    "The allotment society asks all gardeners to water the beds by the hedge and to leave the shed as they found it.",
    "The gardeners met by the shed: the compost heap is full, the hedge wants cutting, and plot nine is free.",
    "Plot twelve has new gardeners. The hedge is cut and the beds are dug; compost can be fetched at the shed.",
    "Compost and seedlings are at the shed on Sunday. Gardeners with a plot by the hedge bring a spade.",
    "The beds by the hedge are dry. Would the gardeners of the plots nearby water them and turn the compost?",
    "Seedlings for every plot: gardeners fetch them at the shed, and the compost from behind the hedge.",
];
const INVOICE: &str = "Invoice No. 7, bill to J. Carter. Two drills, unit price 89.00, quantity 2, subtotal 178.00, \
    VAT 20%. Amount due 213.60, payment terms 30 days net.";
const PATIENT: &str = "City Hospital. Patient Tom Ray. Blood test, laboratory results. Diagnosis: iron deficiency. \
    Prescription and dosage below, treatment for three months.";
const STRANGE: &str = "Whisk four eggs with the sugar until pale, fold in the flour, then bake for half an hour.";

#[test]
fn five_corrections_decide_where_the_sixth_goes() {
    let topics = topics();
    let letter = id_of(&topics, "Letter");
    let mut trainer = Trainer::new(&topics, 1);
    for text in &GARDEN[..5] {
        assert!(trainer.add(Example { subject: subject(text), topics: &[letter] }));
    }
    for text in [INVOICE, PATIENT, STRANGE] {
        trainer.add_unlabelled(subject(text));
    }
    let (before, _) = best(&LocalProvider::default(), &topics, GARDEN[5]);
    assert_ne!(before, Some(letter), "it has to be learned");
    let provider = with(trainer.finish());
    let (found, sure) = best(&provider, &topics, GARDEN[5]);
    assert_eq!(found, Some(letter));
    assert!(sure >= 0.5, "{sure}");
    // What was known before is still known, and what was not is not.
    for (text, name) in [(INVOICE, "Invoice"), (PATIENT, "Medical")] {
        let (found, sure) = best(&provider, &topics, text);
        assert_eq!(found, Some(id_of(&topics, name)));
        assert!(sure >= 0.5, "{name}: {sure}");
    }
    let assessment = provider.assess(subject(STRANGE), &topics);
    assert!(assessment.scores.first().is_none_or(|score| score.confidence < 0.5), "{assessment:?}");
    assert!(assessment.none.is_some_and(|none| none > 0.3), "{assessment:?}");
}

/// What nobody but those who watch the sky would write.
const NIGHTS: [&str; 6] = [
    "The telescope showed the rings of Saturn and four moons of Jupiter; the eyepiece fogged up at midnight.",
    "A nebula in Orion, seen with the large telescope. The galaxy next to Andromeda was too faint for the eyepiece.",
    "Meteors from Perseus all night. The orbit of the comet brings it near Jupiter again in spring.",
    "We polished the mirror of the telescope and found the galaxy in Andromeda at once, and a comet.",
    "The orbit of the moon is tilted; through the eyepiece its craters cast long shadows at half moon.",
    "Through the eyepiece of the telescope: the moons of Jupiter, the rings of Saturn, and the comet near Andromeda.",
];

/// The first five of them, sorted by a person.
fn taught_five(topics: &[Topic], folder: TopicId) -> Trainer {
    let mut trainer = Trainer::new(topics, 1);
    for (at, text) in NIGHTS[..5].iter().enumerate() {
        let title = format!("night {at} 1a2b3c{at}d.txt");
        assert!(trainer.add(Example { subject: Subject { title: &title, ..subject(text) }, topics: &[folder] }));
    }
    trainer
}

/// As in a vault with topics to start with, and with many more; while documents like the sixth come in unsorted.
#[test]
fn five_corrections_are_enough_among_many_topics() {
    let named = TOPICS.iter().map(|(name, description)| ((*name).to_owned(), (*description).to_owned()));
    let made =
        (0..195).map(|at| (format!("Topic {at}"), format!("What is about things{at}, stuff{at} or matters{at}")));
    let all: Vec<(String, String)> = named.chain(made).collect();
    for others in [12, 40, 200] {
        let topic = |(at, (name, description)): (usize, &(String, String))| Topic {
            id: TopicId::from(Uuid::from_u128(at as u128 + 2)),
            name: name.clone(),
            description: description.clone(),
        };
        let mut topics: Vec<Topic> = all[..others].iter().enumerate().map(topic).collect();
        let folder = TopicId::from(Uuid::from_u128(1));
        topics.push(Topic { id: folder, name: "Folder 1a".to_owned(), description: String::new() });
        let mut trainer = taught_five(&topics, folder);
        for _ in 0..8 {
            trainer.add_unlabelled(Subject { title: "night 6d7e8f.txt", ..subject(NIGHTS[5]) });
        }
        let provider = with(trainer.finish());
        let assessment = provider.assess(Subject { title: "night 6d7e8f.txt", ..subject(NIGHTS[5]) }, &topics);
        let first = assessment.scores.first().expect("a score");
        assert_eq!(first.topic, folder, "among {others}");
        assert!(first.confidence >= 0.5, "among {others}: {assessment:?}");
        for (text, name) in [(INVOICE, "Invoice"), (PATIENT, "Medical")] {
            let (found, sure) = best(&provider, &topics, text);
            assert_eq!(found, Some(id_of(&topics, name)), "among {others}");
            assert!(sure >= 0.5, "{name} among {others}: {sure}");
        }
        let (_, sure) = best(&provider, &topics, STRANGE);
        assert!(sure < 0.5, "among {others}: {sure}");
    }
}

/// What comes in like the examples before they were learned from is no reason to doubt what people have taught.
#[test]
fn documents_like_the_examples_cast_no_doubt_on_them() {
    for (others, unsorted) in [(3, 2), (3, 8), (5, 2), (5, 5), (5, 8)] {
        let mut topics = topics()[..others].to_vec();
        let folder = TopicId::from(Uuid::from_u128(77));
        topics.push(Topic { id: folder, name: "Folder 1a".to_owned(), description: String::new() });
        let mut trainer = taught_five(&topics, folder);
        for at in 0..unsorted {
            let (title, text) = (format!("night 6d7e8f{at}.txt"), format!("{} {}", NIGHTS[5], at + 1));
            trainer.add_unlabelled(Subject { title: &title, ..subject(&text) });
        }
        let assessment =
            with(trainer.finish()).assess(Subject { title: "night 99aabb.txt", ..subject(NIGHTS[5]) }, &topics);
        let first = assessment.scores.first().expect("a score");
        assert_eq!(first.topic, folder, "{unsorted} among {others}");
        assert!(first.confidence >= 0.5, "{unsorted} among {others}: {assessment:?}");
    }
}

/// Twenty texts of two topics each way, so that there is something to hold out.
fn examples() -> Vec<(String, Vec<usize>)> {
    let words = [
        ["glacier", "moraine", "crevasse", "icefall", "serac", "firn"],
        ["violin", "cello", "sonata", "adagio", "quartet", "encore"],
        ["enzyme", "protein", "ribosome", "membrane", "nucleus", "plasma"],
    ];
    let text = |topic: usize, nth: usize| {
        let pick = |step: usize| words[topic][(nth * 7 + step * 5) % 6];
        format!("{} {} and {} with {}", pick(0), pick(1), pick(nth % 5 + 2), ["one", "some", "many"][nth % 3])
    };
    let mut all: Vec<(String, Vec<usize>)> = (0..60).map(|nth| (text(nth % 3, nth / 3), vec![nth % 3])).collect();
    all.extend((0..20).map(|nth| (format!("{}, {}", text(0, nth), text(1, nth)), vec![0, 1])));
    all
}

fn three() -> Vec<Topic> {
    let topic = |(at, name): (usize, &&str)| Topic {
        id: TopicId::from(Uuid::from_u128(at as u128 + 100)),
        name: (*name).to_owned(),
        description: String::new(),
    };
    ["Mountains", "Music", "Biology"].iter().enumerate().map(topic).collect()
}

fn trained(seed: u64) -> Model {
    let topics = three();
    let mut trainer = Trainer::new(&topics, seed);
    for (text, places) in examples() {
        let ids: Vec<TopicId> = places.iter().map(|at| topics[*at].id).collect();
        trainer.add(Example { subject: subject(&text), topics: &ids });
    }
    trainer.finish()
}

#[test]
fn a_document_of_two_topics_gets_both() {
    let topics = three();
    let provider = with(trained(1));
    let assessment = provider.assess(subject("moraine, firn and serac; a sonata, cello and encore"), &topics);
    let sure: Vec<TopicId> =
        assessment.scores.iter().filter(|score| score.confidence >= 0.5).map(|score| score.topic).collect();
    assert_eq!(sure.len(), 2, "{assessment:?}");
    assert!(!sure.contains(&topics[2].id));
    let one = provider.assess(subject("the ribosome makes protein in the plasma near the nucleus"), &topics);
    assert_eq!(one.scores.iter().filter(|score| score.confidence >= 0.5).count(), 1, "{one:?}");
}

#[test]
fn topics_come_and_go_and_change_their_names() {
    let mut topics = three();
    let provider = with(trained(1));
    let ice = "crevasse, serac, icefall and moraine";
    assert_eq!(best(&provider, &topics, ice).0, Some(topics[0].id));
    // Renamed: its examples are still what it is.
    topics[0].name = "Alps".to_owned();
    assert_eq!(best(&provider, &topics, ice).0, Some(topics[0].id));
    // New: found by its name and description.
    let id = TopicId::from(Uuid::from_u128(1));
    topics.push(Topic { id, name: "Boats".to_owned(), description: "sail, rudder, keel, harbour, mast".to_owned() });
    assert_eq!(best(&provider, &topics, "the keel and the rudder of the boat, seen in the harbour").0, Some(id));
    // Gone: never in an answer.
    let gone = topics.remove(0).id;
    let assessment = provider.assess(subject(ice), &topics);
    assert!(assessment.scores.iter().all(|score| score.topic != gone));
    assert!(assessment.scores.first().is_none_or(|score| score.confidence < 0.5), "{assessment:?}");
}

#[test]
fn what_belongs_to_none_can_be_shown_too() {
    let topics = three();
    let mut trainer = Trainer::new(&topics, 1);
    for (text, places) in examples() {
        let ids: Vec<TopicId> = places.iter().map(|at| topics[*at].id).collect();
        trainer.add(Example { subject: subject(&text), topics: &ids });
    }
    for text in GARDEN.iter().cycle().take(18) {
        trainer.add(Example { subject: subject(text), topics: &[] });
    }
    let assessment = with(trainer.finish()).assess(subject(GARDEN[2]), &topics);
    assert!(assessment.none.is_some_and(|none| none > 0.8), "{assessment:?}");
}

/// However many examples there are: what has nothing to do with any of them is left to people.
#[test]
fn what_no_example_has_to_do_with_is_left_to_people() {
    let topics: Vec<Topic> = three().into_iter().map(|topic| Topic { name: "Folder".to_owned(), ..topic }).collect();
    for (of_each, count) in [(2, 2), (5, 2), (10, 2), (20, 2), (50, 2), (8, 1), (20, 1), (50, 1), (100, 1), (200, 1)] {
        let topics = &topics[..count];
        let mut trainer = Trainer::new(topics, 1);
        for at in 0..of_each {
            for (texts, topic) in [&GARDEN, &NIGHTS].into_iter().zip(topics) {
                let text = format!("{} {} {at}", texts[at % 6], texts[(at / 6 + at + 1) % 6]);
                trainer.add(Example { subject: subject(&text), topics: &[topic.id] });
            }
        }
        let provider = with(trainer.finish());
        let (found, sure) = best(&provider, topics, STRANGE);
        assert!(sure < 0.5, "{of_each} of each of {count}: {found:?} {sure}");
        let (found, sure) = best(&provider, topics, GARDEN[5]);
        assert!(found == Some(topics[0].id) && sure >= 0.5, "{of_each} of each of {count}: {sure}");
    }
}

/// People sort what belongs somewhere and leave the rest lying.
#[test]
fn what_lies_unsorted_and_belongs_to_none_is_learned_and_takes_nothing_from_the_topics() {
    let topics = three();
    let taught = |strangers: usize| {
        let mut trainer = Trainer::new(&topics, 1);
        for (text, places) in examples() {
            let ids: Vec<TopicId> = places.iter().map(|at| topics[*at].id).collect();
            trainer.add(Example { subject: subject(&text), topics: &ids });
        }
        for (text, _) in examples().iter().take(60) {
            trainer.add_unlabelled(subject(&format!("{text} again")));
        }
        for at in 0..strangers {
            trainer.add_unlabelled(subject(&format!("{} {}", NIGHTS[at % 5], GARDEN[at / 5 % 6])));
        }
        trainer.finish()
    };
    assert!(!taught(0).knows_none, "there is nothing that belongs to none");
    let model = taught(40);
    assert!(model.knows_none);
    let provider = with(model);
    let assessment = provider.assess(subject(NIGHTS[5]), &topics);
    assert!(assessment.none.is_some_and(|none| none > 0.8), "{assessment:?}");
    for (at, text) in ["crevasse, serac, icefall and moraine", "a sonata, cello and encore", "protein in the plasma"]
        .into_iter()
        .enumerate()
    {
        let (found, sure) = best(&provider, &topics, text);
        assert!(found == Some(topics[at].id) && sure >= 0.5, "{text}: {sure}");
    }
}

#[test]
fn the_words_that_decided_are_those_of_the_document() {
    let topics = three();
    let provider = with(trained(1));
    let reasons = provider.reasons(subject("Three Cellos, two Violins and a frog"), &topics, topics[1].id);
    let words: Vec<&str> = reasons.iter().take(2).map(|reason| reason.word.as_str()).collect();
    assert!(words.contains(&"cellos") && words.contains(&"violins"), "{reasons:?}");
    assert!(reasons[0].weight > 0.0);
    assert!(reasons.iter().all(|reason| reason.word != "frog"), "no model knows it: {reasons:?}");
    // Without a model, by name and description.
    let topics = self::topics();
    let reasons = LocalProvider::default().reasons(subject(PATIENT), &topics, id_of(&topics, "Medical"));
    assert!(reasons.iter().any(|reason| reason.word == "diagnosis"), "{reasons:?}");
    assert!(provider.reasons(subject(PATIENT), &topics, TopicId::from(Uuid::nil())).is_empty());
}

#[test]
fn the_same_documents_make_the_same_model_and_it_comes_back_from_its_bytes() {
    let bytes = trained(7).to_bytes();
    assert_eq!(bytes, trained(7).to_bytes());
    assert_eq!(Model::from_bytes(&bytes), Ok(trained(7)));
    assert_eq!(trained(7).trained_on(), (3, 100));
    assert_eq!(Model::from_bytes(b"no model"), Err(BadModel::Foreign));
    let mut other = bytes.clone();
    other[4] = 9;
    assert_eq!(Model::from_bytes(&other), Err(BadModel::OtherFormat(9)));
    for at in [6, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(Model::from_bytes(&changed), Err(BadModel::Damaged), "at {at}");
        assert!(Model::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
    }
}

/// A vault of somebody whose papers are about something else than the topics to start with.
#[test]
fn a_vault_that_its_topics_say_nothing_of_is_left_to_people() {
    let topics = topics();
    let strays = ["results", "letter", "quantity", "terms", "manual", "safety", "treatment", "bill"];
    let text = |at: usize| {
        let [one, other] = [strays[at % 8], strays[(at * 5 / 3 + 1) % 8]];
        format!("{} And the {one}: {} Or {other}.", GARDEN[at % 6], NIGHTS[at / 7 % 6])
    };
    let texts: Vec<String> = (0..96).map(text).collect();
    let mut trainer = Trainer::new(&topics, 1);
    texts.iter().for_each(|text| assert!(trainer.add_unlabelled(subject(text))));
    let provider = with(trainer.finish());
    let sure = texts.iter().filter(|text| best(&provider, &topics, text).1 >= 0.5).count();
    assert!(sure < texts.len() / 8, "{sure} of {}", texts.len());
    assert_eq!(best(&provider, &topics, INVOICE).0, Some(id_of(&topics, "Invoice")));
}

#[test]
fn nothing_to_learn_from_makes_a_model_too() {
    let empty = with(Trainer::new(&[], 1).finish());
    assert!(empty.assess(subject(INVOICE), &[]).scores.is_empty());
    let topics = topics();
    let untaught = with(Trainer::new(&topics, 1).finish());
    assert_eq!(best(&untaught, &topics, INVOICE).0, Some(id_of(&topics, "Invoice")));
    assert!(untaught.assess(Subject::default(), &topics).scores.iter().all(|s| s.confidence < 0.5));
}

mod properties {
    use super::*;
    use crate::ai::local::codec;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| trained(3).to_bytes());

    fn sound(provider: &LocalProvider, text: &str, language: Option<&str>) -> Result<(), TestCaseError> {
        let topics = three();
        let assessment = provider.assess(Subject { title: text, text, language, ..Subject::default() }, &topics);
        prop_assert!(assessment.scores.iter().all(|score| (0.0..=1.0).contains(&score.confidence)), "{assessment:?}");
        prop_assert!(assessment.scores.iter().all(|score| topics.iter().any(|topic| topic.id == score.topic)));
        prop_assert!(assessment.scores.windows(2).all(|pair| pair[0].confidence >= pair[1].confidence));
        prop_assert!(assessment.none.is_some_and(|none| (0.0..=1.0).contains(&none)), "{assessment:?}");
        for reason in provider.reasons(Subject { text, language, ..Subject::default() }, &topics, topics[0].id) {
            prop_assert!(reason.weight.is_finite());
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_model_or_an_error(bytes: Vec<u8>) {
            prop_assert!(Model::from_bytes(&bytes).is_err());
            let sealed = codec::sealed(&[b"DVLM\x01\x00".as_slice(), &bytes].concat());
            prop_assert!(Model::from_bytes(&sealed).is_err());
        }

        #[test]
        fn a_forged_model_is_refused_or_answers_soundly(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut body = BYTES[..BYTES.len() - 8].to_vec();
            for (at, value) in changes {
                let at = at.index(body.len() - 6) + 6;
                body[at] = value;
            }
            if let Some(cut) = cut {
                body.truncate(cut.index(body.len()));
            }
            if let Ok(model) = Model::from_bytes(&codec::sealed(&body)) {
                sound(&with(model), "glacier and violin, enzyme of the membrane", Some("eng"))?;
            }
        }

        #[test]
        fn any_text_is_judged_soundly(text: String, mixed in "(glacier|violin|the|水曜日|κρύο|e\u{301}t|[a-z]{1,9}|[ .,\n]){0,40}") {
            static PROVIDER: LazyLock<LocalProvider> = LazyLock::new(|| with(trained(3)));
            for text in [&text, &mixed] {
                sound(&PROVIDER, text, None)?;
                sound(&PROVIDER, text, Some("deu"))?;
                sound(&LocalProvider::default(), text, Some("ell"))?;
                let again = PROVIDER.assess(subject(text), &three());
                prop_assert_eq!(again, PROVIDER.assess(subject(text), &three()));
            }
        }
    }
}
