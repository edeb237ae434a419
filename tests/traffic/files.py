"""Files of daily traffic as they are published, and small ones that were written by hand."""

from datetime import UTC, datetime
from pathlib import Path

from riverloop.traffic import read_csv

PUBLISHED = Path(__file__).resolve().parents[1] / "vectors" / "traffic" / "hk_immd.csv"
HEAD = "Date,Control Point,Arrival / Departure,Hong Kong Residents,Mainland Visitors,Other Visitors,Total,"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def text_of(*rows, head=HEAD):
    """Give a file as it is published, with rows such as ``09-03-2026,Lo Wu,Arrival,1,2,3,6,``."""
    return ("\ufeff" + "".join(f"{line}\r\n" for line in (head, *rows))).encode()


def row(date="09-03-2026", point="Lo Wu", way="Arrival", counts=(1, 2, 3), total=None):
    return f"{date},{point},{way},{','.join(map(str, counts))},{sum(counts) if total is None else total},"


def read(*rows, name="new.csv", **named):
    return read_csv(text_of(*rows), name=name, **named)


def told(problems):
    return [str(problem) for problem in problems]
