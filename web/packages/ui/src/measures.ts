// What sensors give, in the reader's numbers and units.

/** A number of a sensor with as many digits as tell something: the larger it is, the fewer behind the point. */
export function amount(value: number, locale: string): string {
  const size = Math.abs(value);
  const maximumFractionDigits = size >= 1_000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return new Intl.NumberFormat(locale, { maximumFractionDigits }).format(value);
}

/** A number with its unit; signs such as ° and % stand close to it, letters apart. */
export function withUnit(number: string, symbol: string | null | undefined): string {
  if (!symbol) return number;
  return /^[°%‰′″]$/.test(symbol) ? number + symbol : `${number}\u00a0${symbol}`;
}

/** Whether a truth holds: what was measured is 1 and 0, a mean of several lies between. */
export function isTrue(value: number): boolean {
  return value >= 0.5;
}
