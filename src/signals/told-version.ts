/** What every reading's destination has. Without any, nobody waits for anything. */
export function toldVersionOf(readings: Iterable<{ readonly acceptedVersion: number }>): number {
  let told = Number.POSITIVE_INFINITY;
  for (const { acceptedVersion } of readings) told = Math.min(told, acceptedVersion);
  return told;
}
