"""Tells a device what to do with Fraunhofer's client (PyPI `frost_sta_client`) as a program, and says what it saw as JSON.

Usage: task_sensorthings.py ADDRESS PROGRAM KEY CAPABILITY VALUES
"""

import json
import sys

import frost_sta_client as frost

address, program, key, capability_id, values = sys.argv[1:]
service = frost.SensorThingsService(address, auth_handler=frost.AuthHandler(program, key))
capability = service.tasking_capabilities().find(capability_id)
task = frost.Task(tasking_parameters=json.loads(values), tasking_capability=frost.TaskingCapability(id=capability_id))
refused = None
try:
    service.create(task)
except Exception as error:  # The client raises what `requests` raises.
    refused = error.response.status_code
tasks = capability.get_tasks().query().list()
print(json.dumps({
    "capability": [capability.id, [field["name"] for field in capability.tasking_parameters["field"]]],
    "actuators": [actuator.id for actuator in service.actuators().query().list()],
    "task": task.id,
    "refused": refused,
    "tasks": [[one.id, one.tasking_parameters] for one in tasks],
}))
