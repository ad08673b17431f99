"""A report on a table of packages: the event is CSV with the columns package, section, installed kilobytes."""
import csv
import io


def handler(event, context):
    sections = {}
    for row in csv.DictReader(io.StringIO(event.decode("utf-8"))):
        section = sections.setdefault(row["section"], {"packages": 0, "kilobytes": 0, "largest": "", "of": -1})
        size = int(row["kilobytes"])
        section["packages"] += 1
        section["kilobytes"] += size
        if size > section["of"]:
            section["largest"], section["of"] = row["package"], size
    if not sections:
        raise ValueError("the table has no row")
    return {"sections": len(sections), "by_size": sorted(
        ({"section": name, **of} for name, of in sections.items()),
        key=lambda one: (-one["kilobytes"], one["section"]))[:3]}
