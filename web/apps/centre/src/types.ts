/** Names for the generated types that only the centre uses. */
import type { Answer, operations } from "@dipper/api";

/** The query of an operation. */
export type QueryOf<Id extends keyof operations> = operations[Id] extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;

export type Queue = Answer<"list_queues">["items"][number];
export type CasePage = Answer<"list_cases">;
export type CasesQuery = QueryOf<"list_cases">;
export type CaseEvent = Answer<"list_case_events">["items"][number];
export type Contact = Answer<"get_case_contact">;
export type Region = Answer<"list_regions">[number];
export type RegionShapes = Answer<"list_region_shapes">;
export type RegionLevel = Region["level"];
export type Office = Answer<"list_offices">[number];
export type Process = Answer<"list_processes">[number];
export type ProcessState = Process["states"][number];
export type ProcessAction = Process["actions"][number];
export type Pack = Answer<"get_pack">;
export type CaseCollection = Answer<"map_cases">;
export type Indicators = Answer<"get_indicators">;
export type IndicatorsQuery = QueryOf<"get_indicators">;
export type IndicatorGroup = Indicators["by"];
export type IndicatorDefinition = Indicators["definitions"][number];
export type IndicatorRow = Indicators["rows"][number];
export type IndicatorPart = NonNullable<QueryOf<"list_indicator_cases">["part"]>;
export type Trends = Answer<"get_trends">;
export type MapQuery = QueryOf<"map_cases">;
export type WithinQuery = QueryOf<"list_cases_within">;
export type Device = Answer<"get_device">;
export type DeviceClass = Answer<"list_device_classes">[number];
export type DevicesQuery = QueryOf<"list_devices">;
export type DeviceStanding = Device["standing"];
export type DeviceValue = Device["values"][number];
export type DeviceSecret = Answer<"register_device">;
export type DeviceSeries = Answer<"get_device_series">;
export type DeviceStep = DeviceSeries["steps"][number];
export type Alarm = Answer<"list_alarms">["items"][number];
export type AlarmSeverity = Alarm["severity"];
export type CommandKind = DeviceClass["commands"][number];
export type CommandParameter = CommandKind["parameters"][number];
export type DeviceCommand = Answer<"list_device_commands">["items"][number];
export type CommandState = DeviceCommand["state"];
export type CommandDeed = DeviceCommand["may"][number];
export type Scene = Answer<"list_scenes">[number];
export type SceneRun = Scene["runs"][number];
