/** Why the server refused a code, in the words of the page: its own are English, and written for programs. */

/** A message of the page with its values. */
export interface Reason {
  readonly id: string;
  readonly values?: Readonly<Record<string, string>>;
}

/** The sentences of `core/grid` (`CodeError`, `VoxelCodeError`) by what they have in common; groups are values. */
const SENTENCES: readonly { words: RegExp; id: string }[] = [
  { words: /has (?<count>\d+) characters; a code has /, id: "length" },
  { words: /has (?<count>\d+) characters; a three-dimensional code has /, id: "length_voxel" },
  { words: /expected a (?:height )?digit (?<from>\w) (?:to|or) (?<to>\w)$/, id: "digit" },
  { words: /expected a column 01 to 60/, id: "column" },
  { words: /columns are 01 to 60$/, id: "column" },
  { words: /expected a row A to V$/, id: "row" },
  { words: /expected N or S$/, id: "half" },
  { words: /expected 0 above ground or 1 below$/, id: "sign" },
  { words: /expected a height 00 to 63$/, id: "height" },
  { words: /expected a digit or a capital letter$/, id: "letter" },
  { words: /expected 0, as the column 00 is polar$/, id: "polar_row" },
  { words: /polar cells have levels 1 and 2 only$/, id: "polar_level" },
  { words: /above the ceiling of 256 degrees$/, id: "ceiling" },
];

/** The reason a message of the server gives; null for one this page does not know. */
export function reasonOf(message: string): Reason | null {
  for (const { words, id } of SENTENCES) {
    const found = words.exec(message);
    if (found) return { id: `grid.why_${id}`, ...(found.groups ? { values: { ...found.groups } } : {}) };
  }
  return null;
}
