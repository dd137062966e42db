/** `{ row: value }` with each value made into another. */
export function mapRows(rows, change) {
  return Object.fromEntries(Object.entries(rows).map(([row, value]) => [row, change(value, row)]));
}
