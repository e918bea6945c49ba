/** Recorded files in words. */

/** How long a file is, in seconds or minutes. */
export function span(from: string, to: string, locale: string): string {
  const seconds = Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 1_000));
  const unit = seconds < 60 ? "second" : "minute";
  const value = seconds < 60 ? seconds : Math.round(seconds / 6) / 10;
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" }).format(value);
}

/** A length in megabytes. */
export function megabytes(bytes: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 }).format(bytes / 1e6);
}
