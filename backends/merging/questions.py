"""Questions about pictures as people have them: MathVista, MathVerse, MathVision, MMStar, MMMU, DynaMath, VLMEvalKit's tables, ours.

`found(files)` reads every table in what was brought (JSON, JSON lines, CSV, TSV, parquet, Excel; alone, or in a zip with its
pictures) into rows of one kind, told by what is in them. A row that is odd is left out and counted. Where the file has replies of a
model, each stands in its question's row.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from backends.files.archive import Files, ZipLimits, is_junk, open_folder, open_upload, single
from backends.files.cells import canonical, finite_or_none
from backends.files.logs import Notes, short
from backends.files.pictures import PictureIndex
from backends.files.rows import OddRows, Row, counted
from backends.files.tables import Limits, Table, read_table
from backends.files.workbook import is_workbook, read_workbook
from backends.knobs import UPLOAD
from backends.merging.pictures import Finder, shared, without_pictures
from backends.merging.question_rows import KNOWN, Benchmark, Question, is_question, read_row, version_in
from backends.merging.question_tables import Brought, QuestionFile, with_lent_pictures, with_versions_joined
from backends.run import Inputs
from worlds.errors import InputError

LIMITS = ZipLimits(files=40_000, total_mb=8_000, file_mb=400)  # MathVista has 6,141 pictures in 900 MB
MAX_ROWS = 20_000  # of one file
MAX_READ_MB = 1_200  # of all tables, with the pictures in them
MAX_KEPT = 200_000_000  # characters of all questions and replies; 20,000 long ones have 80 million
TEXT_MB = 64  # of one table without its pictures
NAMES: dict[Benchmark, str] = {"mathvista": "MathVista", "mathverse": "MathVerse", "mathvision": "MathVision", "mmstar": "MMStar",
                               "mmmu": "MMMU", "dynamath": "DynaMath", "own": "questions of one's own", "": "other questions"}
# questions of each as the paper asks it; of MathVerse in each version
COUNTS: dict[Benchmark, int] = {"mathvista": 1_000, "mathverse": 788, "mathvision": 304, "mmstar": 1_500, "dynamath": 5_010}
WOULD_WORK = ("questions of MathVista, MathVerse, MathVision, MMStar, MMMU or DynaMath, a result table of VLMEvalKit (question, "
              "answer, prediction), or lines of JSON with id, image, question, answer and group; as .json, .jsonl, .csv, .tsv, "
              ".xlsx or .parquet, in one .zip with their pictures")
_ENDINGS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xlsx", ".parquet")
_ZIP = b"PK\x03\x04"
_SETS = ("_MathVista", "_MathVerse", "_MathVision", "_MMStar", "_MMMU", "_DynaMath", "_MM-Math")


def files_of(spec: str, inputs: Inputs) -> Files:
    """Return the files that a setting names, `upload:NAME` or a folder; a workbook, a zip too, is one file. Raises InputError."""
    if not spec.startswith(UPLOAD):
        return open_folder(spec, limits=LIMITS)
    name = spec.removeprefix(UPLOAD)
    path = inputs.file(name)
    files = open_upload(path, name, limits=LIMITS)
    return single(name, path.read_bytes()) if is_workbook(files) else files


def found(files: Files) -> Brought:
    """Return all questions in some files.

    Raises:
        InputError: there are none, with the reason of the first table that cannot be read.
    """
    notes, read, left_mb, left = Notes(), list[QuestionFile](), float(MAX_READ_MB), MAX_KEPT
    names = [name for name in files.names if not is_junk(name.replace("\\", "/"))]
    index = PictureIndex(names)
    for name in names:
        if len(names) > 1 and not name.lower().endswith(_ENDINGS):
            continue
        own = Notes()
        try:
            content = files.read(name)
            left_mb -= len(content) / 1e6
            if left_mb < 0 or left < 0:
                notes.add(f"There is more than is read: at most {MAX_READ_MB:,} MB of tables, and {MAX_KEPT // 10**6} million "
                          "characters.")
                break
            one = _file(name, content, index, own)
        except InputError as error:
            own.add(str(error))
            one = None
        if one:
            read.append(one)
            left -= sum(len(question.text) + len(question.prompt) + len(question.prediction or "") for question in one.questions)
        for note in own.all():
            notes.add(note)
    if not read:
        reason = f" ({notes.all()[0].rstrip('.')})" if notes.all() else ""
        what = f"None of the {len(names):,} files holds" if len(names) > 1 else f"{names[0][-80:]!r} does not hold" if names else (
            "What was brought is empty, and does not hold")
        raise InputError(f"{what} questions that are read here{reason}. Bring {WOULD_WORK}.")
    return Brought(with_versions_joined(with_lent_pictures(read)), notes.all())


def _file(name: str, content: bytes, index: PictureIndex, notes: Notes) -> QuestionFile | None:
    """Return one table of questions; None where it has others things in it."""
    odd = OddRows(short(name))
    table, finder = _table(name, content, index, odd)
    rows = [(number, row) for number, row in table.rows if is_question(row)]
    if not rows:
        return None
    named: Benchmark = next((benchmark for benchmark in NAMES if benchmark != "own" and benchmark in name.lower()), "")
    kept = odd.read(rows, lambda row, number: _question(row, number, finder, named))
    if not kept:
        for note in odd.notes():
            notes.add(note)
        return None
    questions, missing = _with_shared(kept)
    kinds = Counter(question.benchmark for question in questions)
    benchmark = kinds.most_common(1)[0][0]
    for note in (*table.notes, *odd.notes(), *_told(name, benchmark, questions, missing, len(table.rows) - len(rows), table)):
        notes.add(note)
    has_replies = any(question.prediction is not None for question in questions)
    return QuestionFile(name, benchmark, tuple(questions), model_of(name) if has_replies else "", table.count,
                        odd.num_left_out + len(table.rows) - len(rows), missing, notes.all())


def _table(name: str, content: bytes, index: PictureIndex, odd: OddRows) -> tuple[Table, Finder]:
    what = f"{short(name)!r}"
    if content[:4] == _ZIP:
        table = read_workbook(content, known=KNOWN, max_rows=MAX_ROWS, what=what)
        return table, Finder(name, index)
    is_parquet = content[:4] in (b"PAR1", b"PARE")
    bare, spans = (content, ()) if is_parquet else without_pictures(content)
    limits = Limits(mb=LIMITS.file_mb if is_parquet else TEXT_MB, rows=MAX_ROWS)
    table = read_table(bare, odd, known=KNOWN, anchors=("question",), limits=limits, what=what, has_pictures=True)
    return _by_key(table), Finder(name, index, spans=spans, in_cells=table.pictures)


def _by_key(table: Table) -> Table:
    """Return rows that stand in one object, each under its number, as MathVista's and DynaMath's own files have them."""
    if table.count != 1 or table.kind != "JSON" or not table.rows:
        return table
    whole = table.rows[0][1]
    rows = [(key, row) for key, row in whole.items() if isinstance(row, dict)]
    if not any(is_question(_spelled(row)) for _, row in rows[:20]):
        return table
    found = [(number, {"pid": key, **_spelled(row)}) for number, (key, row) in enumerate(rows[:MAX_ROWS], 1)]
    return replace(table, rows=tuple(found), count=len(rows))


def _spelled(row: Row) -> Row:
    names = canonical([name for name in row if isinstance(name, str)], KNOWN)
    return finite_or_none({names[name]: value for name, value in row.items() if name in names})[0]


@dataclass(frozen=True)
class _Kept:
    question: Question
    missing: tuple[str, ...]  # names of pictures that lead nowhere


def _question(row: Row, number: int, finder: Finder, named: Benchmark) -> _Kept:
    places, missing = finder.find(row, number)
    question = read_row(row, number, named)
    version = version_in(finder.name) if question.benchmark == "mathverse" and not question.subset else question.subset
    return _Kept(replace(question, pictures=places, subset=version), missing)


def _with_shared(kept: Sequence[_Kept]) -> tuple[list[Question], int]:
    """Return the questions, those with pictures that name another row's included, and how many pictures are missing."""
    places = {one.question.id: one.question.pictures for one in reversed(kept)}  # of two rows of one number the first
    lent = shared({one.question.id: one.missing for one in kept if one.missing and not one.question.pictures}, places)
    questions = [replace(one.question, pictures=lent[one.question.id]) if one.question.id in lent and not one.question.pictures
                 else one.question for one in kept]
    return questions, sum(len(one.missing) for one in kept if one.question.id not in lent)


def _told(name: str, benchmark: Benchmark, questions: Sequence[Question], missing: int, num_others: int, table: Table
          ) -> Iterator[str]:
    """Yield what has to be said of a table, beside its odd rows."""
    start = f"{short(name)}: "
    if table.count > MAX_ROWS:
        yield f"{start}of {table.count:,} rows the first {MAX_ROWS:,} are read."
    if num_others:
        yield f"{start}{counted(num_others, 'row')} without a question {'is' if num_others == 1 else 'are'} left out."
    if missing:
        yield f"{start}{counted(missing, 'picture')} that {'is named is' if missing == 1 else 'are named are'} not there."
    unknown = sum(question.is_group_guessed for question in questions)
    if unknown:
        yield (f"{start}nothing says whether {counted(unknown, 'question')} {'asks' if unknown == 1 else 'ask'} to see or to reason. "
               "They count as both (joint).")
    silent = sum(not question.answer for question in questions)
    if silent:
        yield f"{start}{counted(silent, 'question')} {'has' if silent == 1 else 'have'} no right answer, and cannot be scored."
    versions = {question.subset for question in questions} if benchmark == "mathverse" else {""}
    expected = COUNTS.get(benchmark, 0) * len(versions)
    if len(questions) < expected:
        yield f"{start}{NAMES[benchmark]} as the paper asks it has {expected:,} questions; here are {len(questions):,}."


def model_of(name: str) -> str:
    """Return the model in VLMEvalKit's name of a result, MODEL_DATASET.xlsx; the whole name where there is no data set in it."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    cut = max((stem.rfind(own) for own in _SETS), default=-1)
    return (stem[:cut] if cut > 0 else stem)[:200]

