"""Files of prompts, of every kind that this field has, read into one shape: a prompt, and what is right and wrong to say.

MemoTrap, NQ-Swap and its generator, the contrast files of CAD, overshadowing corpora, PhantomCircuit's token lines, COUNTERFACT,
and plain tables with a column `prompt`, each as CSV, JSON, JSON lines or parquet. The layout is told by what is in the file, never
by its name. A row that cannot be asked is left out and counted; only where none is left is the file refused.
Not here: bytes and cells (backends.files), what each layout means (layouts, corpora), asking a model (evaluation).
"""

from collections import Counter
from collections.abc import Sequence

from backends.coda.choices import MAX_ITEMS
from backends.coda.corpora import token_lines
from backends.coda.items import Item, Items
from backends.coda.layouts import ANCHORS, LAYOUTS, Layout
from backends.coda.settings import MAX_MB
from backends.files.cells import as_text, cut
from backends.files.encoding import decoded
from backends.files.rows import OddRows, Row, unused
from backends.files.tables import Limits, Table, read_bytes, read_table
from worlds.errors import InputError
from worlds.facts.files import MAX_LINES

__all__ = ["MAX_ITEMS", "MAX_MB", "Item", "Items", "load_items"]

_TOLD_BY = 1_000  # rows that tell the layout
_KNOWN = sorted({name for layout in LAYOUTS for name in (*layout.needed, *layout.optional, *layout.marks)})


def load_items(content: bytes, name: str, *, max_items: int = MAX_ITEMS) -> Items:
    """Return the prompts of a file, the first `max_items` of them.

    Args:
        name: what the visitor calls the file.
    Raises:
        InputError: the file is empty, too large, of no known layout, or no row of it can be asked.
    """
    what = f"The file {cut(name)}"
    read_bytes(content, limit_mb=MAX_MB, what=what, wanted="prompts as CSV, JSON lines or parquet")
    odd = OddRows()
    if (text := _token_text(content, what)) is not None:
        items, said = token_lines(text, odd)
        return _items("PhantomCircuit token lines", items, said, odd, count=text.count("\n") + 1, max_items=max_items)
    table = _table(content, odd, what, max_rows=2 * max_items)  # a contrast takes two rows
    header, rows = _without_header(table.rows)
    if not rows and (not table.columns or set(table.columns) & set(_KNOWN)):
        odd.refuse(f"{what} has no rows. It must have at least one prompt.")
    layout = _layout_of([row for _, row in rows], table, name)
    if layout.needs_all and table.count > len(rows):
        odd = OddRows()
        table = _table(content, odd, what, max_rows=MAX_LINES)
        header, rows = _without_header(table.rows)
    found = layout.read(rows, odd)
    known = {*layout.needed, *layout.optional, *layout.passed}
    notes = (*table.notes, *header, *unused(column for column in table.columns if column not in known), *found.notes)
    return _items(layout.kind, found.items, notes, odd, count=table.count - len(header), max_items=max_items,
                  num_read=len(table.rows))


def _token_text(content: bytes, what: str) -> str | None:
    """Return the text of a file of token lines, or None where it is something else."""
    if b"Xshare" not in content[:4_000].replace(b"\x00", b""):
        return None
    text = decoded(content, what=what).text.strip()
    return text if text[:1] not in ("{", "[") and "Xshare" in text.partition("\n")[0] else None


def _table(content: bytes, odd: OddRows, what: str, *, max_rows: int) -> Table:
    return read_table(content, odd, known=_KNOWN, anchors=ANCHORS, limits=Limits(mb=MAX_MB, rows=max_rows), what=what)


def _without_header(rows: Sequence[tuple[int, Row]]) -> tuple[tuple[str, ...], Sequence[tuple[int, Row]]]:
    """Return a note about a first row that only names the data set, as the knowledge conflict generator writes it, and the rest."""
    if not rows or not {"dataset"} <= rows[0][1].keys() or any(_fitting(rows[0][1])):
        return (), rows
    return (f"Row {rows[0][0]} is a header: the data set is {cut(as_text(rows[0][1]['dataset']))}.",), rows[1:]


def _fitting(row: Row) -> list[Layout]:
    """Return the layouts that a row may be of, the likeliest first."""
    # a table with prompts of its own asks these, whatever its other columns are called
    own = [layout for layout in LAYOUTS if "prompt" in layout.needed or "prompt" not in row]
    return [layout for layout in own if any(mark in row for mark in layout.marks)]


def _layout_of(rows: Sequence[Row], table: Table, name: str) -> Layout:
    """Return the layout of most rows."""
    counts = Counter(fitting[0].kind for row in rows[:_TOLD_BY] if (fitting := _fitting(row)))
    if not counts:
        raise InputError(f"The file {cut(name)} has the columns {cut(list(table.columns))}. It must have a column 'prompt', "
                         "or be MemoTrap, NQ-Swap, a contrast file of CAD, an overshadowing corpus or COUNTERFACT.")
    layout = next(layout for layout in LAYOUTS if layout.kind == counts.most_common(1)[0][0])
    missing = [column for column in layout.needed if not any(column in row for row in rows)]
    if missing:
        raise InputError(f"The file {cut(name)} looks like {layout.kind} and lacks {missing[0]!r}. "
                         f"It must have {', '.join(layout.needed)}.")
    return layout


def _items(kind: str, items: Sequence[Item], notes: Sequence[str], odd: OddRows, *, count: int, max_items: int,
           num_read: int | None = None) -> Items:
    """Return the first `max_items`, with a note where that is not all."""
    if not items:
        odd.refuse("No row of the file can be asked. It must have at least one prompt.")
    said = list(notes)
    if len(items) > max_items or (num_read is not None and num_read + odd.num_left_out < count):
        said.append(f"The first {min(max_items, len(items)):,} prompts of {count:,} rows are kept: at most {max_items:,} are "
                    "answered here.")
    return Items(kind, tuple(items[:max_items]), (*said, *odd.notes()), count)


