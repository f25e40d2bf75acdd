use super::*;
use uuid::Uuid;

const STARS: [&str; 4] = [
    "The telescope showed the rings of Saturn and the moons of Jupiter; the eyepiece fogged up at midnight.",
    "A nebula, seen with the large telescope, and the moons of Jupiter. The galaxy was too faint for this eyepiece.",
    "We polished the mirror of the telescope, put in the eyepiece, aimed the telescope and found the galaxy at once.",
    "Through the eyepiece of the telescope the moons of Jupiter cast their shadows; the rings of Saturn are tilted.",
];

const ODD: [&str; 4] = [
    "Whisk four eggs with the sugar until pale, fold in the flour, then bake for half an hour.",
    "The ferry leaves the island at nine; tickets are sold on the quay.",
    "Our choir rehearses the requiem on Thursdays. Altos are wanted.",
    "The roof of the shed leaks where the gutter meets the wall.",
];

const BILLS: [&str; 6] = [
    "Invoice 12. Amount due within 14 days, subtotal 480, VAT 91.20. Please transfer to the account below.",
    "Amount due: 30 EUR. The invoice is payable at once; VAT is included in the subtotal. Bank transfer.",
    "Second reminder of our invoice: the amount due was not transferred. VAT and subtotal as before.",
    "Your invoice of March: subtotal 90, VAT 17.10, amount due 107.10, transfer within 30 days.",
    "Invoice for repairs. Subtotal 200, VAT 38, amount due 238, please transfer within 14 days.",
    "We enclose our invoice; the amount due includes VAT. The subtotal is on the second page. Transfer to our bank account.",
];

fn topic(at: u128, name: &str, description: &str) -> Topic {
    let id = TopicId::from(Uuid::from_u128(at));
    Topic { id, name: name.to_owned(), description: description.to_owned() }
}

fn subject(text: &str) -> Subject<'_> {
    Subject { text, language: Some("eng"), ..Subject::default() }
}

fn subjects<'a>(texts: &[&'a str]) -> Vec<Subject<'a>> {
    texts.iter().map(|text| subject(text)).collect()
}

#[test]
fn two_names_that_are_nearly_one_are_told_and_others_are_not() {
    let topics = [topic(1, "Invoice", ""), topic(2, "Tax", ""), topic(3, "Invoices", ""), topic(4, "Letter", "")];
    let found = look(&topics, &[], &[]).near_duplicates;
    let [pair] = found.as_slice() else { panic!("one pair: {found:?}") };
    assert_eq!((pair.one, pair.other, pair.by), (0, 2, Likeness::Name));
    assert!(pair.similarity > 0.9, "{pair:?}");
    let years = [topic(1, "Tax 2025", ""), topic(2, "Tax 2026", "")];
    assert_eq!(look(&years, &[], &[]), Tidying::default());
}

#[test]
fn two_topics_about_the_same_are_told_unless_a_person_tells_them_apart() {
    let topics = [
        topic(1, "Bills", "Invoices with an amount due, subtotal and VAT"),
        topic(2, "Payable", "Invoices whose amount due is to be transferred, with VAT and subtotal"),
        topic(3, "Sky", ""),
    ];
    let [bills, payable, sky] = [topics[0].id, topics[1].id, topics[2].id];
    let under: Vec<(&str, Vec<(TopicId, bool)>)> = BILLS
        .iter()
        .enumerate()
        .map(|(at, text)| (*text, vec![(if at % 2 == 0 { bills } else { payable }, false)]))
        .chain(STARS.iter().map(|text| (*text, vec![(sky, false)])))
        .collect();
    let sorted = |under: &[(&'static str, Vec<(TopicId, bool)>)]| {
        let sorted: Vec<Sorted<'_>> =
            under.iter().map(|(text, topics)| Sorted { subject: subject(text), topics }).collect();
        look(&topics, &sorted, &[]).near_duplicates
    };
    let found = sorted(&under);
    let [pair] = found.as_slice() else { panic!("one pair: {found:?}") };
    assert_eq!((pair.one, pair.other, pair.by), (0, 1, Likeness::Content));

    let mut both = under.clone();
    both[0].1 = vec![(bills, true), (payable, true)];
    assert_eq!(sorted(&both), []);
    // The AI's choice of both is the same mistake twice.
    both[0].1 = vec![(bills, false), (payable, false)];
    assert_eq!(sorted(&both).len(), 1);
}

#[test]
fn documents_about_one_strange_subject_are_a_group_with_its_words_for_a_name() {
    let mut texts: Vec<&str> = Vec::new();
    for (odd, star) in ODD.iter().zip(&STARS) {
        texts.extend([*odd, *star]);
    }
    let topics = [topic(1, "Invoice", "Bills to pay")];
    let found = look(&topics, &[], &subjects(&texts));
    let [group] = found.groups.as_slice() else { panic!("one group: {found:?}") };
    assert_eq!(group.documents, [1, 3, 5, 7]);
    assert_eq!((group.words[0].as_str(), group.name.as_str()), ("telescope", "Telescope, Eyepiece"), "{group:?}");
    assert_eq!(look(&topics, &[], &subjects(&texts)), found, "and again");

    let taken = [topic(1, "telescope, eyepiece", "")];
    let other = &look(&taken, &[], &subjects(&texts)).groups[0];
    assert_eq!(other.documents, [1, 3, 5, 7]);
    assert_ne!(other.name.to_lowercase(), taken[0].name, "a name that is free");
}

#[test]
fn what_has_little_in_common_is_no_group() {
    assert_eq!(look(&[], &[], &subjects(&ODD)), Tidying::default());
    assert_eq!(look(&[], &[], &subjects(&STARS[..2])), Tidying::default(), "two are too few");
    let empty = ["", "", "", ""];
    assert_eq!(look(&[topic(1, "", ""), topic(2, "", "")], &[], &subjects(&empty)), Tidying::default());
}

/// Texts of a few words out of twelve, each with two of its own.
fn texts(words: [&str; 12], count: usize, from: usize) -> Vec<String> {
    let text = |nth: usize| {
        let mut text: Vec<String> = (0..5).map(|step| words[(nth * 5 + step * 7) % 12].to_owned()).collect();
        text.extend([format!("own{nth}of{from}"), format!("other{nth}of{from}")]);
        text.join(" ")
    };
    (from..from + count).map(text).collect()
}

#[test]
fn topics_whose_documents_are_as_near_to_each_other_as_to_their_own_are_about_the_same() {
    let ice = [
        "glacier", "moraine", "crevasse", "icefall", "serac", "firn", "ridge", "summit", "rope", "snow", "hut", "pass",
    ];
    let music = [
        "violin", "cello", "sonata", "adagio", "quartet", "encore", "opera", "chord", "flute", "choir", "tenor", "oboe",
    ];
    let topics = [topic(1, "Alps", ""), topic(2, "Mountaineering", ""), topic(3, "Concerts", "")];
    let shelves = [texts(ice, 10, 0), texts(ice, 10, 10), texts(music, 10, 0)];
    let under: Vec<[(TopicId, bool); 1]> = topics.iter().map(|topic| [(topic.id, true)]).collect();
    let sorted: Vec<Sorted<'_>> = shelves
        .iter()
        .zip(&under)
        .flat_map(|(texts, topics)| texts.iter().map(move |text| Sorted { subject: subject(text), topics }))
        .collect();
    let found = look(&topics, &sorted, &[]).near_duplicates;
    let [pair] = found.as_slice() else { panic!("one pair: {found:?}") };
    assert_eq!((pair.one, pair.other, pair.by), (0, 1, Likeness::Content));
    assert!(pair.similarity >= SAME_DOCUMENTS && pair.similarity <= 1.0, "{pair:?}");
}
