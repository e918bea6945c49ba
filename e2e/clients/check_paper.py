"""A PDF read by pypdf alone: its text, fonts and attachments as JSON; `check_paper.py PDF FOLDER` writes the attachments.

`check_paper.py PDF FOLDER resave` also writes `resaved.pdf`, as another program saves it, and `bare.pdf` without attachments.
"""

import json
import pathlib
import sys

from pypdf import PdfReader, PdfWriter

name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
reader = PdfReader(name, strict=True)
attached = {}
for one in reader.attachment_list:
    folder.joinpath(one.name).write_bytes(one.content)
    attached[one.name] = {
        "bytes": len(one.content),
        "relation": str(one.associated_file_relationship),
        "kind": str(one.subtype),
        "is": one.description,
    }
fonts = [
    {"name": str(font["/BaseFont"]), "embedded": "/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"], "unicode": "/ToUnicode" in font}
    for page in reader.pages
    for font in (one.get_object() for one in page["/Resources"]["/Font"].values())
]
root = reader.trailer["/Root"]
said = {
    "pages": [page.extract_text() for page in reader.pages],
    "size": [float(side) for side in reader.pages[0].mediabox[2:]],
    "attached": attached,
    "associated": len(root["/AF"]),
    "fonts": fonts,
    "language": root["/Lang"],
    "is_tagged": bool(root["/MarkInfo"]["/Marked"]),
    "title": reader.metadata.title,
    "made": reader.metadata.creation_date.isoformat(),
    "xmp": reader.xmp_metadata.stream.get_data().decode("utf-8") if reader.xmp_metadata else "",
}
if sys.argv[3:] == ["resave"]:
    writer = PdfWriter(clone_from=reader)
    writer.write(folder / "resaved.pdf")
    bare = PdfWriter()
    for page in reader.pages:
        bare.add_page(page)
    bare.write(folder / "bare.pdf")
print(json.dumps(said, ensure_ascii=False))
