//! A dozen everyday topics for a vault that has none yet.
//!
//! The descriptions are what the local provider reads: the words that stand in such papers, in English and, since many
//! people keep papers in two languages, the plainest ones in German.

/// Name, description, colour (`#rrggbb`).
pub const STARTER_TOPICS: [(&str, &str, &str); 12] = [
    (
        "Invoice",
        "A bill for goods or services with an invoice number, bill to, amount due, due date, unit price, quantity, \
         subtotal, VAT, payment terms, net days, remittance, purchase order. Rechnung, Rechnungsnummer, fällig, \
         Zahlungsziel, Nettobetrag.",
        "#2563eb",
    ),
    (
        "Receipt",
        "Proof of a purchase that was paid in a shop or online: receipt, cashier, store, cash, card, change, till, \
         items, total paid, thank you for your purchase, order confirmation, return policy. Quittung, Kassenbon, Beleg, \
         bezahlt, Bar.",
        "#0891b2",
    ),
    (
        "Contract",
        "An agreement between parties with terms and conditions, obligations, clauses, signature, effective date, \
         termination, notice period, liability, confidentiality, governing law, hereby agree, lease, rental, \
         employment agreement. Vertrag, Vereinbarung, Vertragspartner, Kündigungsfrist, Unterschrift, Mietvertrag.",
        "#7c3aed",
    ),
    (
        "Bank statement",
        "Account statement of a bank: account number, IBAN, BIC, opening balance, closing balance, transactions, \
         deposits, withdrawals, direct debit, transfer, interest, statement period. Kontoauszug, Kontostand, Saldo, \
         Buchung, Lastschrift, Überweisung.",
        "#059669",
    ),
    (
        "Tax",
        "Papers of the tax office: tax return, income tax, assessment notice, tax year, taxable income, deduction, \
         refund, withholding, tax identification number, W-2, 1099, revenue service. Steuer, Steuerbescheid, Finanzamt, \
         Einkommensteuer, Steuererklärung, Lohnsteuerbescheinigung.",
        "#b45309",
    ),
    (
        "Insurance",
        "Insurance policy, policyholder, insured, insurer, coverage, premium, deductible, claim, beneficiary, policy \
         number, health, car, home, liability or life insurance. Versicherung, Versicherungsschein, Police, Beitrag, \
         Versicherungsnehmer, Schaden.",
        "#be185d",
    ),
    (
        "Medical",
        "Papers of a doctor, hospital or laboratory: patient, diagnosis, prescription, medication, treatment, therapy, \
         blood test, laboratory results, symptoms, vaccination, surgery, dosage, clinic. Arzt, Patient, Befund, Diagnose, \
         Rezept, Krankenhaus, Behandlung.",
        "#dc2626",
    ),
    (
        "Payslip",
        "Salary statement of an employer: payslip, pay period, employee, gross pay, net pay, earnings, deductions, \
         wages, salary, overtime, social security, pension contribution. Gehaltsabrechnung, Lohnabrechnung, Bruttolohn, \
         Nettolohn, Arbeitnehmer.",
        "#65a30d",
    ),
    (
        "Letter",
        "A letter from one person or office to another: dear sir or madam, to whom it may concern, regarding, \
         enclosed, please find, yours sincerely, best regards, kind regards, looking forward to hearing. Brief, \
         Sehr geehrte, Damen, Herren, Betreff, Anlage, freundlichen Grüßen, Anschreiben.",
        "#475569",
    ),
    (
        "Manual",
        "Instructions for a device or a program: user manual, user guide, installation, assembly, operating \
         instructions, safety warnings, troubleshooting, maintenance, press the button, switch, setup, step, \
         configuration. Bedienungsanleitung, Handbuch, Anleitung, Montage, Wartung, Sicherheitshinweise.",
        "#4f46e5",
    ),
    (
        "Report",
        "A report on a study, a project or a period: executive summary, introduction, findings, analysis, results, \
         methodology, conclusion, recommendations, figures, appendix, annual report, quarter. Bericht, Zusammenfassung, \
         Ergebnisse, Analyse, Jahresbericht, Auswertung.",
        "#0d9488",
    ),
    (
        "Résumé",
        "A person's résumé (resume) or curriculum vitae, CV: work experience, education, skills, career objective, university, \
         degree, bachelor, master, languages, certifications, references, employment history. Lebenslauf, \
         Berufserfahrung, Ausbildung, Kenntnisse, Werdegang.",
        "#ea580c",
    ),
];
