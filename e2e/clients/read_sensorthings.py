"""Drives a SensorThings server with Fraunhofer's client (PyPI `frost_sta_client`) as a device, and says what it saw as JSON.

Usage: read_sensorthings.py ADDRESS DEVICE PASSWORD
"""

import json
import sys
from datetime import datetime, timedelta, timezone

import frost_sta_client as frost
from frost_sta_client.model.ext.data_array_document import DataArrayDocument
from frost_sta_client.model.ext.data_array_value import DataArrayValue

address, device, password = sys.argv[1:]
service = frost.SensorThingsService(address, auth_handler=frost.AuthHandler(device, password))
begin = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)

thing = service.things().find(device)
streams = {stream.unit_of_measurement.symbol: stream for stream in thing.get_datastreams().query().list()}
tilt = streams["°"]

# One Observation, then an array of them.
first = frost.Observation(result=1.5, phenomenon_time=begin.isoformat(), datastream=tilt)
service.create(first)
values = DataArrayValue()
values.datastream = tilt
values.components = {values.Property.PHENOMENON_TIME, values.Property.RESULT}
for minute in range(1, 25):
    time = (begin + timedelta(minutes=minute)).isoformat()
    # The twentieth is beyond what the sensor can give.
    values.add_observation(frost.Observation(phenomenon_time=time, result=float(minute if minute != 20 else 999)))
document = DataArrayDocument()
document.add_data_array_value(values)
links = [made.self_link for made in service.observations().create(document)]

observations = tilt.get_observations()
pages = observations.query().top(7).orderby("phenomenonTime", "asc").list()
paged = [observation.result for observation in pages]
warm = observations.query().filter("result gt 20 and phenomenonTime ge " + begin.isoformat()).count().list()
newest = observations.query().orderby("phenomenonTime", "desc").top(1).list().entities[0]
expanded = service.things().query().expand("Datastreams($expand=ObservedProperty,Observations($top=1)),Locations").list().entities[0]
inner = [stream for stream in expanded.datastreams.entities if stream.id == tilt.id][0]
refused = None
try:
    service.create(frost.Thing(name="new", description="new"))
except Exception as error:  # The client raises what `requests` raises.
    refused = error.response.status_code

print(json.dumps({
    "thing": thing.id,
    "streams": sorted(streams),
    "created": first.id,
    "found": service.observations().find(first.id).result,
    "errors": [place for place, link in enumerate(links) if link == "error"],
    "linked": service.observations().find(links[0].split("'")[1]).result,
    "paged": paged,
    "warm": [warm.count, [observation.result for observation in warm]],
    "newest": newest.result,
    "property": inner.observed_property.name,
    "inner": [observation.result for observation in inner.observations.entities],
    "location": expanded.locations.entities[0].location["coordinates"],
    "refused": refused,
}))
