/** Reads `Retry-After`: whole seconds or an HTTP date. Garbage, the past and negative numbers count as absent. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1000;
  // A date has letters; without this test `Date.parse` takes all sorts of numbers for years.
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) || at <= nowMs ? undefined : at - nowMs;
}
