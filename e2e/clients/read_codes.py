"""Reads all QR codes of pictures with a decoder that is not ours, and prints their texts as JSON."""

import json
import sys

import zxingcpp
from PIL import Image

texts = []
for name in sys.argv[1:]:
    found = zxingcpp.read_barcodes(Image.open(name).convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    texts += [code.bytes.decode("utf-8") for code in found]
print(json.dumps(texts))
