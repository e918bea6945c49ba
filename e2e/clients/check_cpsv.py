"""Checks a catalogue of services against the official shapes of CPSV-AP 3.2 with pySHACL.

check_cpsv.py ADDRESS SHAPES.ttl  ->  one JSON object: services, triples, violations
"""
import json
import sys
import urllib.request

import pyshacl
import rdflib

address, shapes = sys.argv[1:3]
with urllib.request.urlopen(address) as answer:
    data = rdflib.Graph().parse(data=answer.read(), format="json-ld")
conforms, report, _ = pyshacl.validate(data, shacl_graph=rdflib.Graph().parse(shapes), inference="none")
shacl = rdflib.Namespace("http://www.w3.org/ns/shacl#")
violations = [
    " ".join(str(report.value(result, key)) for key in (shacl.focusNode, shacl.resultPath, shacl.resultMessage))
    for result in report.subjects(rdflib.RDF.type, shacl.ValidationResult)
    if report.value(result, shacl.resultSeverity) == shacl.Violation
]
services = list(data.subjects(rdflib.RDF.type, rdflib.URIRef("http://purl.org/vocab/cpsv#PublicService")))
print(json.dumps({"services": len(services), "triples": len(data), "conforms": conforms, "violations": violations[:20]}))
