#!/usr/bin/env python3
"""Makes ordinary PDFs of one to five pages, the same each time: make-pdfs.py FOLDER COUNT (needs reportlab)."""

import os
import random
import sys

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

WORDS = """account agreement amount annual answer balance bank between board budget building business cancel case change
claim clause client company condition contract copy cost credit customer date deadline delivery department deposit
discount document due employee energy enclosed estimate expense filter final garden gearwheel ground handover heating
hour house increase individual insurance interest invoice item labour landlord letter liability local machine manager
market material measure meeting message method monthly notice number office operation order original owner page parcel
payment pension period permit person phone plan policy premium price product project property purchase quantity quarter
quote rate reason receipt record reference refund region rent repair report request result return review roof salary
sample schedule section service settlement signature square standard statement storage subject supply system tariff tax
tenant term total transfer travel treatment unit update value vehicle visit volume wage warranty water week window work
year""".split()


def sentence(dice):
    words = [dice.choice(WORDS) for _ in range(dice.randint(6, 16))]
    return " ".join(words).capitalize() + f", {dice.randint(1, 9999)}."


def make(path, dice):
    styles = getSampleStyleSheet()
    story = []
    for page in range(dice.randint(1, 5)):
        if page:
            story.append(PageBreak())
        story.append(Paragraph(sentence(dice), styles["Heading1"]))
        for _ in range(dice.randint(3, 6)):
            story.append(Paragraph(" ".join(sentence(dice) for _ in range(dice.randint(3, 7))), styles["BodyText"]))
            story.append(Spacer(1, 8))
        rows = [[dice.choice(WORDS), str(dice.randint(1, 40)), f"{dice.uniform(1, 900):.2f}"] for _ in range(8)]
        story.append(Table([["Item", "Quantity", "Price"], *rows]))
    SimpleDocTemplate(path, pagesize=A4, title=sentence(dice), author="Ann Bell", invariant=1).build(story)


folder, count = sys.argv[1], int(sys.argv[2])
for number in range(count):
    make(os.path.join(folder, f"{number:04}.pdf"), random.Random(number))
