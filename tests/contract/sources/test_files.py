"""Reading folders of exports: every format, from where the last pass stopped, whatever is broken."""

import gzip
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orderwire.errors import ConfigError, NotFound
from orderwire.model import Order
from orderwire.sources import Page, parse
from orderwire.sources.files import FilesSource

NOW = datetime(2024, 7, 1, tzinfo=UTC)
HEADER = "id,at,total"
ROWS = [f"{number},2024-06-0{number} 10:00:00,{number}.50" for number in range(1, 6)]
CSV = "\n".join((HEADER, *ROWS)) + "\n"


class Exports:
    """A folder, and our positions in it."""

    def __init__(self, folder: Path, **orders: Any) -> None:
        self.folder = folder
        fields = {"placed_at": "at", "total": "total"}
        self.table: dict[str, Any] = {
            "kind": "files",
            "folder": str(folder),
            "time_zone": "UTC",
            "currency": "GBP",
            "page": 2,
            "orders": {"files": "*", "id": "id", "fields": fields, **orders},
        }
        self.positions: dict[str, bytes] = {}

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def pages(self, *, stop_after: int | None = None) -> list[Page]:
        found: list[Page] = []
        for page in FilesSource(parse("old", self.table)).pages(self.positions, now=NOW):
            self.positions[page.stream] = page.position
            found.append(page)
            if len(found) == stop_after:
                break
        return found


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    """An empty folder."""
    return Exports(tmp_path)


def orders(pages: list[Page]) -> list[Order]:
    return [decoded.record for page in pages for decoded in page.records if isinstance(decoded.record, Order)]


def ids(pages: list[Page]) -> list[str]:
    return [order.order_id for order in orders(pages)]


def problems(pages: list[Page]) -> list[str]:
    return [f"{one.reason.path}: {one.reason.problem}" for page in pages for one in page.problems]


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("b.csv", CSV.replace(".50", ".25"))
        archive.writestr("readme.txt", "not an export")
        archive.writestr("a.csv", CSV)


JSONL = "\n".join(f'{{"id": {n}, "at": "2024-06-0{n}T10:00:00Z", "total": {n}.50}}' for n in range(1, 6))


FEED = "<orders>" + "".join(
    f"<item><id>{n}</id><at>2024-06-0{n}T10:00:00Z</at><total>{n}.50</total></item>" for n in range(1, 6)
) + "</orders>"  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("orders.csv", CSV.encode()),
        ("orders.CSV", b"\xef\xbb\xbf" + CSV.encode()),
        ("orders.csv", CSV.replace(",", ";").replace("\n", "\r\n").encode()),
        ("orders.tsv", CSV.replace(",", "\t").encode()),
        ("orders.csv.gz", gzip.compress(CSV.encode())),
        ("orders.jsonl", JSONL.encode()),
        ("orders.ndjson.gz", gzip.compress(JSONL.encode())),
        ("orders.json", f"[{JSONL}]".replace("\n", ",").encode()),
        ("orders.xml", FEED.encode()),
        ("orders.xml.gz", gzip.compress(FEED.encode())),
    ],
)
def test_every_text_format_is_read(exports: Exports, name: str, content: bytes) -> None:
    exports.put(name, content)
    expected = [(str(n), n * 100 + 50, datetime(2024, 6, n, 10, tzinfo=UTC)) for n in range(1, 6)]
    assert expected == [(order.order_id, order.total, order.placed_at) for order in orders(exports.pages())]


@pytest.mark.parametrize(
    "text", ['<!DOCTYPE a SYSTEM "file:///etc/hostname"><a><item/></a>', FEED.removesuffix("</orders>")]
)
def test_a_feed_that_is_not_safe_or_not_whole_is_a_damaged_file(exports: Exports, text: str) -> None:
    exports.put("orders.xml", text.encode())
    (problem,) = problems(exports.pages())
    assert "the file is damaged" in problem


def test_parquet_is_read_with_its_own_types(exports: Exports) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2**60 + 1]),
            "at": pa.array([datetime(2024, 6, 1, 10, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC")),
            "total": pa.array([1.5, 2.5]),
            "unused": pa.array(["x", "y"]),
        }
    )
    pq.write_table(table, exports.folder / "orders.parquet")
    assert [("1", 150), ("1152921504606846977", 250)] == [(o.order_id, o.total) for o in orders(exports.pages())]


def test_a_zip_is_read_member_by_member(exports: Exports) -> None:
    zipped(exports.folder / "all.zip")
    assert ["1", "2", "3", "4", "5"] * 2 == ids(exports.pages())
    assert [] == exports.pages()


def test_an_encoding_may_be_named(exports: Exports) -> None:
    exports.table["encoding"] = "cp1252"
    exports.table["orders"]["fields"]["store"] = "shop"
    exports.put("orders.csv", "id,at,total,shop\n1,2024-06-01,5,Café\n".encode("cp1252"))
    assert ["Café"] == [order.store for order in orders(exports.pages())]


def test_text_in_another_encoding_spoils_only_its_row(exports: Exports) -> None:
    exports.table["orders"]["fields"]["store"] = "shop"
    exports.put("orders.csv", b"id,at,total,shop\n1,2024-06-01,5,Caf\xe9\n2,2024-06-01,5,Tea\n")
    pages = exports.pages()
    assert (["2"], ["orders.csv, row 1: orders[1].store: is not text"]) == (ids(pages), problems(pages))


@pytest.mark.parametrize("stop_after", [1, 2, 3, 4])
def test_reading_goes_on_where_it_was_stopped(exports: Exports, stop_after: int) -> None:
    exports.put("a.csv", CSV)
    exports.put("b.csv", CSV)
    assert ["1", "2", "3", "4", "5"] * 2 == ids(exports.pages(stop_after=stop_after)) + ids(exports.pages())


def test_the_first_pass_is_the_import_and_later_files_are_not(exports: Exports) -> None:
    exports.put("a.csv", CSV)
    first = exports.pages()
    exports.put("b.csv", CSV)
    later = exports.pages()
    assert ({True}, {False}) == ({page.is_import for page in first}, {page.is_import for page in later})


def test_an_empty_folder_waits_for_its_first_file(exports: Exports) -> None:
    assert [] == exports.pages()
    exports.put("a.csv", CSV)
    assert {True} == {page.is_import for page in exports.pages()}


def test_a_file_that_has_changed_is_read_again(exports: Exports) -> None:
    path = exports.put("a.csv", CSV)
    exports.pages()
    assert [] == exports.pages()
    path.write_text(CSV + "6,2024-06-06,6\n")
    os.utime(path, ns=(0, 0))
    assert ["1", "2", "3", "4", "5", "6"] == ids(exports.pages())


def test_a_file_that_is_gone_is_forgotten(exports: Exports) -> None:
    path = exports.put("a.csv", CSV)
    exports.put("b.csv", CSV)
    exports.pages()
    path.unlink()
    exports.put("c.csv", CSV)
    assert b'"a.csv"' not in exports.pages()[-1].position


LINE_ROWS = "id,at,sku,qty,price\n1,2024-06-01,A,2,1.25\n1,2024-06-01,A,1,2.00\n2,2024-06-02,B,1,3.00\n"


@pytest.fixture
def row_lines(tmp_path: Path) -> Exports:
    """Exports with one line a row, as the Online Retail data has."""
    made = Exports(tmp_path, lines={"rows": True, "fields": {"sku": "sku", "quantity": "qty", "unit_price": "price"}})
    del made.table["orders"]["fields"]["total"]
    return made


def test_rows_of_one_order_become_its_lines(row_lines: Exports) -> None:
    row_lines.put("orders.csv", LINE_ROWS)
    found = [
        (order.order_id, order.total, [line.line_id for line in order.lines]) for order in orders(row_lines.pages())
    ]
    assert [("1", 450, ["1", "2"]), ("2", 300, ["1"])] == found


@pytest.mark.parametrize("stop_after", [1, 2])
def test_an_order_is_never_cut_in_two_by_a_page(row_lines: Exports, stop_after: int) -> None:
    row_lines.table["page"] = 1
    row_lines.put("orders.csv", LINE_ROWS)
    found = orders(row_lines.pages(stop_after=stop_after)) + orders(row_lines.pages())
    assert [450, 300] == [order.total for order in found]


def test_rows_that_stand_apart_are_refused(row_lines: Exports) -> None:
    row_lines.put("orders.csv", LINE_ROWS + "1,2024-06-01,C,1,9.00\n")
    pages = row_lines.pages()
    assert (["1", "2"], ["orders.csv, row 4: stands apart from the earlier rows with the same id"]) == (
        ids(pages),
        problems(pages),
    )


def test_lines_may_be_a_list_in_json(tmp_path: Path) -> None:
    made = Exports(tmp_path, lines={"column": "items", "fields": {"sku": "s", "total": "t"}})
    made.put("o.jsonl", '{"id": 1, "at": "2024-06-01T00:00:00Z", "total": 5.10, "items": [{"s": "A", "t": 5.10}]}')
    (order,) = orders(made.pages())
    assert [("A", 510)] == [(line.sku, line.total) for line in order.lines]


@pytest.mark.parametrize(
    ("name", "content", "kept", "said"),
    [
        ("a.csv", CSV + "6,x\n", 5, "a.csv, row 6: has 2 cells where the header has 3"),
        ("a.csv", CSV + "6,soon,6\n", 5, "a.csv, row 6: orders[6].placed_at: is not a point in time"),
        ("a.csv", HEADER + "\n" + ",2024-06-01,5\n", 0, "a.csv, row 1: orders[…].id: is missing"),
        (
            "a.csv",
            HEADER + "\n1,2024-06-01," + "9" * 17_000_000 + "\n" + ROWS[1] + "\n",
            1,
            "a.csv, row 1: is not a row of a CSV file",
        ),
        ("a.jsonl", JSONL + "\n{", 5, "a.jsonl, row 6: is not JSON"),
        ("a.jsonl", JSONL + "\n[1]", 5, "a.jsonl, row 6: is not a JSON object"),
        ("a.jsonl", JSONL + "\n" + "[" * 5000, 5, "a.jsonl, row 6: is not JSON"),
        ("a.jsonl.gz", gzip.compress(JSONL.encode())[:-20], None, "a.jsonl.gz: the file is damaged"),
        ("a.csv.gz", b"not gzip", 0, "a.csv.gz: the file is damaged after row 0"),
        ("a.zip", b"not a zip", 0, "a.zip: the file is damaged after row 0"),
        ("a.parquet", b"not parquet", 0, "a.parquet: the file is damaged after row 0"),
    ],
)
def test_what_is_broken_is_named_and_the_rest_goes_on(
    exports: Exports, name: str, content: str | bytes, kept: int | None, said: str
) -> None:
    exports.put(name, content)
    exports.put("z.csv", CSV)
    pages = exports.pages()
    assert ["1", "2", "3", "4", "5"] == ids(pages)[-5:]
    assert kept is None or kept + 5 == len(ids(pages))
    assert any(problem.startswith(said) for problem in problems(pages))
    assert [] == exports.pages(), "a broken file is not tried again until it changes"


@pytest.mark.parametrize(
    ("name", "content", "raw"),
    [
        ("a.csv", CSV.encode() + b"6,x,\xe9,8\n", b"6,x,\xe9,8\n"),
        ("a.csv", CSV.replace("\n", "\r\n").encode() + b'6,"two\r\nlines"\r\n', b'6,"two\r\nlines"\r\n'),
        ("a.jsonl", JSONL.encode() + b"\n{\xff", b"{\xff"),
        ("a.csv.gz", b"not gzip", b""),
    ],
    ids=["cells", "a cell of two lines", "JSON", "a damaged file"],
)
def test_what_is_no_row_is_kept_as_it_stands_in_the_file(
    exports: Exports, name: str, content: bytes, raw: bytes
) -> None:
    exports.put(name, content)
    found = [(one.raw, one.is_whole) for page in exports.pages() for one in page.problems]
    assert [(raw, False)] == found


def test_a_row_that_is_not_understood_is_kept_to_be_read_again(exports: Exports) -> None:
    exports.put("a.csv", CSV + "6,soon,6\n")
    (bad,) = [one for page in exports.pages() for one in page.problems]
    exports.table["orders"]["fields"]["placed_at"] = {"value": "2024-06-06"}
    again = FilesSource(parse("old", exports.table)).reread("orders", bad.raw)
    assert ("6", "6", True, bad.raw) == (bad.key, again.key, bad.is_whole, again.raw)


def test_rows_that_stand_apart_are_kept_but_never_read_by_themselves(row_lines: Exports) -> None:
    row_lines.put("orders.csv", LINE_ROWS + "1,2024-06-01,C,1,9.00\n")
    (apart,) = [one for page in row_lines.pages() for one in page.problems]
    assert (b'"C"' in apart.raw, "", False) == (True, apart.key, apart.is_whole)


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_missing_column_is_a_fault_of_the_mapping(exports: Exports, name: str) -> None:
    exports.table["orders"]["fields"]["total"] = "totl"
    if name == "a.csv":
        exports.put(name, CSV)
    else:
        pq.write_table(pa.table({"id": [1], "at": ["x"], "total": [1]}), exports.folder / name)
    with pytest.raises(ConfigError, match=r'has no column "totl"\. Did you mean "total"\?'):
        exports.pages()


def test_a_file_of_no_known_format_is_a_fault_of_the_mapping(exports: Exports) -> None:
    exports.put("orders.xlsx", b"PK")
    with pytest.raises(ConfigError, match=r"Names end in \.csv"):
        exports.pages()


def test_a_folder_that_is_not_there_is_named(exports: Exports) -> None:
    exports.table["folder"] = str(exports.folder / "none")
    with pytest.raises(ConfigError, match="is not a folder"):
        exports.pages()


def test_a_kept_record_is_read_again(row_lines: Exports) -> None:
    row_lines.put("orders.csv", LINE_ROWS)
    decoded = row_lines.pages()[0].records[0]
    source = FilesSource(parse("old", row_lines.table))
    assert decoded == source.reread("orders", decoded.raw)
    with pytest.raises(NotFound):
        source.reread("people", decoded.raw)
