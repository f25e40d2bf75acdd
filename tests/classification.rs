//! The provider `local` on everyday papers: it knows the starter topics' papers, and knows when it does not know.

use docuvault::ai::local::LocalProvider;
use docuvault::ai::{AiProvider, Score, Subject, Topic};
use docuvault::domain::TopicId;
use docuvault::services::starter_topics::STARTER_TOPICS;

const SURE: f32 = 0.5;

fn topics() -> Vec<Topic> {
    let topic = |(name, description, _): &(&str, &str, &str)| Topic {
        id: TopicId::generate(),
        name: (*name).to_owned(),
        description: (*description).to_owned(),
    };
    STARTER_TOPICS.iter().map(topic).collect()
}

async fn scores(topics: &[Topic], title: &str, text: &str, language: Option<&str>) -> Vec<Score> {
    let subject = Subject { title, text, language, ..Subject::default() };
    LocalProvider::default().score(subject, topics).await.expect("it always answers").scores
}

/// Papers as people have them; none was written from the topics' descriptions.
const PAPERS: &[(&str, &str, Option<&str>, &str)] = &[
    (
        "Invoice",
        "scan001.pdf",
        Some("eng"),
        "ACME Tools Ltd, 12 Mill Road, Leeds. Invoice No. 88123, 2 March 2026. Bill to: J. Carter. \
        2 x cordless drill, unit price 89.00, quantity 2, subtotal 178.00, VAT 20% 35.60. Total amount due 213.60 GBP. \
        Please pay within 30 days of the invoice date by bank transfer.",
    ),
    (
        "Invoice",
        "rechnung.pdf",
        Some("deu"),
        "Elektro Huber GmbH. Rechnung. Rechnungsnummer 2026-0815, Rechnungsdatum 4.5.2026. \
        Für unsere Leistungen berechnen wir: Nettobetrag 400,00 EUR, Umsatzsteuer 76,00 EUR. Zahlungsziel 14 Tage, fällig am 18.5.2026.",
    ),
    (
        "Receipt",
        "IMG_2231.txt",
        Some("eng"),
        "GREEN GROCER store 114. Cashier: Mia. Milk 1.20, bread 2.40, apples 3.10. Total paid 6.70, \
        card ****1234, change 0.00. Thank you for your purchase! Keep this receipt for returns within 14 days.",
    ),
    (
        "Contract",
        "agreement.docx",
        Some("eng"),
        "This Agreement is made between Nova Ltd and Peter Smith, the parties. The parties hereby agree \
        to the following terms and conditions. Either party may terminate with a notice period of three months. Liability is limited. \
        Confidentiality survives termination. This contract is subject to the governing law of England. Signature, date.",
    ),
    (
        "Contract",
        "mietvertrag.pdf",
        Some("deu"),
        "Mietvertrag. Zwischen den Vertragspartnern wird folgende Vereinbarung getroffen. Die Kündigungsfrist \
        beträgt drei Monate. Unterschrift Vermieter, Unterschrift Mieter.",
    ),
    (
        "Bank statement",
        "march.pdf",
        Some("eng"),
        "First National Bank. Account statement. Account number 12345678, IBAN GB29 NWBK 6016. Statement period \
        1 to 31 March. Opening balance 1,204.50. Direct debit electricity 64.00, transfer from savings 200.00, withdrawals 120.00. \
        Closing balance 1,220.50.",
    ),
    (
        "Tax",
        "assessment.pdf",
        Some("eng"),
        "Revenue Service. Notice of assessment for the tax year 2025. Your taxable income is 48,200. Income tax \
        assessed 9,100, tax withheld 9,700. A refund of 600 will be paid. Tax identification number 77 123.",
    ),
    (
        "Tax",
        "bescheid.pdf",
        Some("deu"),
        "Finanzamt München. Bescheid für 2025 über Einkommensteuer. Auf Grund Ihrer Steuererklärung wird die Steuer \
        festgesetzt auf 4.210 Euro. Steuernummer 143/222.",
    ),
    (
        "Insurance",
        "policy.pdf",
        Some("eng"),
        "Car insurance policy. Policyholder: Anna Bell. Policy number C-9912. Coverage: third party and fire. \
        Annual premium 412.00, deductible 250. To make a claim, call the insurer.",
    ),
    (
        "Medical",
        "lab.pdf",
        Some("eng"),
        "City Hospital laboratory. Patient: Tom Ray, born 1980. Blood test results: hemoglobin 14.1, glucose 92. \
        Diagnosis: iron deficiency. Prescription: ferrous sulfate, dosage one tablet daily. Treatment for three months.",
    ),
    (
        "Payslip",
        "2026-03.pdf",
        Some("eng"),
        "Payslip. Employee: Lena Fox. Pay period March 2026. Gross pay 3,900.00. Deductions: pension contribution 195.00, \
        social security 310.00. Net pay 2,905.20.",
    ),
    (
        "Letter",
        "to_council.txt",
        Some("eng"),
        "Dear Sir or Madam, I am writing regarding the street lamps in our road, which have been dark for weeks. \
        Please find enclosed a list of the broken ones. I am looking forward to hearing from you. Yours sincerely, R. Holt",
    ),
    (
        "Manual",
        "dishwasher.pdf",
        Some("eng"),
        "User manual for your dishwasher. Safety warnings: switch off before maintenance. Installation: step 1, connect \
        the hose. Press the start button to begin. Troubleshooting: if the pump does not run, check the filter. Setup of water hardness.",
    ),
    (
        "Report",
        "q3.pdf",
        Some("eng"),
        "Quarterly report. Executive summary. This report presents the findings of the market study. Methodology: interviews. \
        Analysis of results shows growth. Conclusion and recommendations follow. Figures in the appendix.",
    ),
    (
        "Résumé",
        "cv_jane.pdf",
        Some("eng"),
        "Jane Doe. Curriculum vitae. Work experience: software engineer at Orbit. Education: University of Oslo, bachelor degree. \
        Skills: Rust, SQL. Languages: English, Norwegian. References on request.",
    ),
];

/// What belongs under none of them.
const OTHERS: &[&str] = &[
    "O wild west wind, thou breath of autumn's being, thou from whose unseen presence the leaves dead are driven like ghosts.",
    "Whisk four eggs with the sugar until pale, fold in the flour and the melted butter, then bake for half an hour.",
    "The mitochondrion is an organelle found in the cells of most eukaryotes and generates most of the cell's energy.",
    "fn main() { let x = 5; println!(\"{x}\"); } // prints five",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.",
    "On Saturday we hiked up the ridge, saw two eagles over the valley and swam in the cold lake below the hut.",
];

#[tokio::test]
async fn everyday_papers_find_their_topic() {
    let topics = topics();
    let mut wrong = Vec::new();
    for (expected, title, language, text) in PAPERS {
        let scores = scores(&topics, title, text, *language).await;
        let named =
            |score: &Score| topics.iter().find(|topic| topic.id == score.topic).map_or("?", |topic| &topic.name);
        let best = scores.first().map(|score| (named(score), score.confidence));
        if !best.is_some_and(|(name, confidence)| name == *expected && confidence >= SURE) {
            let shown: Vec<_> = scores.iter().take(3).map(|score| (named(score), score.confidence)).collect();
            wrong.push(format!("{title}: expected {expected}, got {shown:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_belongs_to_no_topic_is_left_to_a_person() {
    let topics = topics();
    for text in OTHERS {
        let scores = scores(&topics, "note.txt", text, Some("eng")).await;
        let best = scores.first().map_or(0.0, |score| score.confidence);
        assert!(best < SURE, "{best} for: {text}");
    }
}

#[tokio::test]
async fn scores_are_probabilities_the_best_first_and_only_for_the_topics_given() {
    let topics = topics();
    let scores = scores(&topics, "x", PAPERS[0].3, Some("eng")).await;
    assert!(scores.windows(2).all(|pair| pair[0].confidence >= pair[1].confidence));
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(&score.confidence)));
    assert!(scores.iter().all(|score| topics.iter().any(|topic| topic.id == score.topic)));
    assert!(self::scores(&[], "x", "words", None).await.is_empty());
    assert!(self::scores(&topics, "", "", None).await.is_empty());
}
